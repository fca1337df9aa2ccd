// @ts-check
/** A user's account: their code, plan, use and credits, and what may be done to it. */
import { Ask } from "./deed.js";
import { useState } from "./hooks.mjs";
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { PlanChange } from "./plan.js";
import { link } from "./router.js";
import { Moment, number } from "./words.js";

/** @typedef {import("./answers.d.ts").AccountPage} AccountPage */
/** @typedef {import("./answers.d.ts").Code} Code */
/** @typedef {import("./deed.js").Deed} Deed */

export function Accounts() {
  /** @param {any} event */
  function show(event) {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get("user_id")).trim();
    if (wanted) location.hash = link("accounts", wanted);
  }
  return html`<h1>Accounts</h1>
    <form class="choice" onSubmit=${show}>
      <label>User id<input name="user_id" required autocomplete="off" /></label>
      <button type="submit">Show</button>
    </form>`;
}

/** @param {{id: string, query: URLSearchParams}} given */
export function Account({ id, query }) {
  const place = encodeURIComponent(id);
  const cursor = query.get("cursor") ?? undefined;
  const loaded = /** @type {import("./loading.js").Loaded<AccountPage>} */ (
    useAnswer(`/admin/accounts/${place}`, { cursor })
  );
  const [deed, setDeed] = useState(/** @type {Deed | null} */ (null));
  const [erased, setErased] = useState("");
  const page = loaded.data;
  const erasure = {
    name: "Erase",
    title: `Erase ${id}?`,
    means:
      "Their identifiers give way to a tombstone, for good; what was counted and booked stays.",
    path: `/admin/users/${place}/erase`,
    typed: id,
  };
  /** @param {any} answer */
  function done(answer) {
    if (deed?.typed !== undefined) setErased(answer.user_id);
    setDeed(null);
    loaded.reload();
  }
  return html`
    <h1>Account of <span class="id">${id}</span></h1>
    <${Waiting} loaded=${loaded} what="the account" />
    ${erased && html`<p role="status">Erased: what stays is booked on <span class="id">${erased}</span>.</p>`}
    ${page &&
    html`
      <p><a href=${link("referrals", undefined, { user_id: id })}>Referrals on either side</a></p>
      <${CodeOf} code=${page.code} ask=${setDeed} />
      <${Credits} id=${id} page=${page} reload=${loaded.reload} />
      <${Bookings} page=${page} />
      ${page.next_cursor &&
      html`<p><a href=${link("accounts", id, { cursor: page.next_cursor })}>Older bookings</a></p>`}
      <button class="secondary outline" onClick=${() => setDeed(erasure)}>Erase this user…</button>
    `}
    ${deed && html`<${Ask} deed=${deed} done=${done} close=${() => setDeed(null)} />`}
  `;
}

/** @param {{code?: Code, ask: (deed: Deed) => void}} given */
function CodeOf({ code, ask }) {
  if (!code) return html`<section><h2>Code</h2><p>They never asked for one.</p></section>`;
  const deed = code.disabled
    ? {
        name: "Enable",
        title: `Enable ${code.code}?`,
        means: "Signups are attributed by it again. What was refused meanwhile stays refused.",
        path: `/admin/codes/${code.code}/enable`,
      }
    : {
        name: "Disable",
        title: `Disable ${code.code}?`,
        means: "Nobody is referred by it from now on; those who were stay, and keep their credits.",
        path: `/admin/codes/${code.code}/disable`,
      };
  return html`<section>
    <h2>Code</h2>
    <p><span class="id">${code.code}</span> is ${code.disabled ? "disabled" : "in use"}.</p>
    <button class="outline" onClick=${() => ask(deed)}>${deed.name} the code…</button>
    ${code.decisions.length > 0 &&
    html`<ul>
      ${code.decisions.map(
        (one) => html`<li>
          <${Moment} at=${one.at} />: ${one.disabled ? "disabled" : "enabled"} by ${one.by}${one.why && `: ${one.why}`}
        </li>`,
      )}
    </ul>`}
  </section>`;
}

/** @param {{id: string, page: AccountPage, reload: () => void}} given */
function Credits({ id, page: { account: one, service_used: used }, reload }) {
  const [changing, setChanging] = useState(false);
  function done() {
    setChanging(false);
    reload();
  }
  /** @type {[string, string][]} */
  const rows = [
    ["Plan", one.overage ? `${one.plan}, with overage` : one.plan],
    ["Included credits left", number(one.included_left)],
    ["Granted credits left", number(one.granted_left)],
    ["Granted credits spent", number(one.granted_spent)],
    ["Overage this month", number(one.overage_used)],
    ["Requests of service keys this month", number(used)],
  ];
  return html`<section>
    <h2>Plan and credits</h2>
    <dl class="pairs">
      ${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    </dl>
    <button class="outline" onClick=${() => setChanging(true)}>Change the plan…</button>
    ${changing &&
    html`<${PlanChange}
      id=${id}
      plan=${one.plan}
      overage=${one.overage}
      done=${done}
      close=${() => setChanging(false)}
    />`}
  </section>`;
}

/** @param {{page: AccountPage}} given */
function Bookings({ page }) {
  if (!page.ledger.length) return html`<section><h2>Ledger</h2><p>Nothing was booked.</p></section>`;
  return html`<section>
    <h2 id="ledger">Ledger</h2>
    <div class="scrolls" tabindex="0" role="region" aria-labelledby="ledger">
      <table>
        <thead>
          <tr>
            ${["When", "What", "Credits", "Missing", "Referral"].map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${page.ledger.map(
            (one) => html`<tr key=${one.key}>
              <td><${Moment} at=${one.at} /></td>
              <td>${one.kind}</td>
              <td>${number(one.credits)}</td>
              <td>${one.shortfall ? number(one.shortfall) : ""}</td>
              <td><a class="id" href=${link("referrals", one.attribution_id)}>${one.attribution_id}</a></td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
