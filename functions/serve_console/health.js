// @ts-check
/** How the service does: what an on-call person opens first. */
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { link } from "./router.js";
import { Table } from "./table.js";
import { ago, Moment, number } from "./words.js";

/** @typedef {import("./answers.d.ts").Health} Health */

export function Health() {
  const loaded = /** @type {import("./loading.js").Loaded<Health>} */ (useAnswer("/admin/health"));
  const told = loaded.data;
  return html`
    <h1>Health</h1>
    <${Waiting} loaded=${loaded} what="how it does" />
    ${told &&
    html`
      <div class="row"><button class="outline" onClick=${loaded.reload}>Look again</button></div>
      <${Schedules} told=${told} />
      <${Owed} told=${told} />
      <${Reconciled} told=${told} />
      <${Stripe} told=${told} />
      <${Settings} told=${told} />
    `}
  `;
}

/** @param {{told: Health}} given */
function Schedules({ told }) {
  return html`<section>
    <h2>Schedules</h2>
    <${Table}
      name="Schedules"
      heads=${["What", "Last done", "It did", "Last failed"]}
      rows=${told.schedules.map((one) => [
        words(one.name),
        one.last_done_at ? html`<${When} at=${one.last_done_at} />` : html`<strong>never</strong>`,
        pairs(one.figures ?? {}),
        one.last_failed_at && html`<${Failed} one=${one} />`,
      ])}
    />
  </section>`;
}

/** What failed and has not been done since stands out. @param {{one: Health["schedules"][0]}} given */
function Failed({ one }) {
  const open = (one.last_failed_at ?? "") > (one.last_done_at ?? "");
  return html`<span class=${open ? "status failed" : ""}>
    <${When} at=${one.last_failed_at} /> ${one.error}
  </span>`;
}

/** @param {{told: Health}} given */
function Owed({ told: { pending_grants: { oldest } } }) {
  return html`<section>
    <h2>Credits that are owed</h2>
    ${oldest
      ? html`<p>
          The one that is due first, or longest:${" "}
          <a class="id" href=${link("referrals", oldest.attribution_id)}>${oldest.attribution_id}</a>,
          tried <${When} at=${oldest.next_attempt_at} />.
        </p>`
      : html`<p>None.</p>`}
  </section>`;
}

/** @param {{told: Health}} given */
function Reconciled({ told: { reconcile: one } }) {
  return html`<section>
    <h2>Reconciliation</h2>
    ${!one && html`<p>None has finished yet.</p>`}
    ${one &&
    html`<p>
      ${one.difference_count
        ? html`<strong class="status failed">${number(one.difference_count)} differ</strong>`
        : html`<strong class="status rewarded">Nothing differs</strong>`},
      of ${number(one.items)} items${one.done ? "" : " so far"}, <${When} at=${one.finished_at} />.
    </p>`}
    ${one && one.differences.length > 0 && html`<ul>${one.differences.map((text) => html`<li>${text}</li>`)}</ul>`}
  </section>`;
}

/** @param {{told: Health}} given */
function Stripe({ told: { stripe } }) {
  const { signature_failures: failures } = stripe;
  return html`<section>
    <h2>Stripe</h2>
    <p>
      ${stripe.last_event_at
        ? html`The last event came <${When} at=${stripe.last_event_at} />.`
        : html`No event has come yet.`}
      ${" "}${failures.length ? "" : "No signature failed in the last seven days."}
    </p>
    ${failures.length > 0 &&
    html`<${Table}
      name="Signatures that failed"
      heads=${["Signatures that failed on", "At least", "Last"]}
      rows=${failures.map((one) => [one.day, number(one.at_least), html`<${When} at=${one.last_at} />`])}
    />`}
    ${stripe.kinds.length > 0 &&
    html`<${Table}
      name="Kinds of events"
      heads=${["Kind of event", "Last seen", "API version"]}
      rows=${stripe.kinds.map((one) => [one.kind, one.last_seen, one.api_version])}
    />`}
  </section>`;
}

/** @param {{told: Health}} given */
function Settings({ told: { settings } }) {
  return html`<section>
    <h2>Settings in force</h2>
    <dl class="pairs">
      ${Object.entries(settings).map(
        ([name, value]) => html`<dt>${words(name)}</dt>
          <dd>${Array.isArray(value) ? value.map(words).join(", ") : String(value)}</dd>`,
      )}
    </dl>
  </section>`;
}

/** @param {{at?: string}} given */
function When({ at = "" }) {
  return html`${ago(at)} (<${Moment} at=${at} />)`;
}

/** @param {Record<string, unknown>} figures */
function pairs(figures) {
  return Object.entries(figures)
    .map(([name, value]) => `${words(name)}: ${value}`)
    .join(", ");
}

/** @param {string} name */
function words(name) {
  return name.replaceAll("_", " ");
}
