// @ts-check
/** One referral's whole story. */
import { post } from "./api.js";
import { Decision, outcome } from "./decision.js";
import { useState } from "./hooks.mjs";
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { Problem } from "./problem.js";
import { Reasons, seen, Sides, User } from "./sides.js";
import { Table } from "./table.js";
import { credits, standing } from "./why.js";
import { Moment, money, number, ruleName, Status } from "./words.js";

/** @typedef {import("./answers.d.ts").Story} Story */
/** @typedef {import("./answers.d.ts").Decided} Decided */

/** @param {{id: string}} given */
export function Referral({ id }) {
  const loaded = /** @type {import("./loading.js").Loaded<Story>} */ (
    useAnswer(`/admin/referrals/${encodeURIComponent(id)}`)
  );
  const story = loaded.data;
  return html`
    <h1>A referral</h1>
    <p class="id">${id}</p>
    <${Waiting} loaded=${loaded} what="its story" />
    ${story &&
    html`
      <${Why} story=${story} />
      <${Acts} story=${story} reload=${loaded.reload} />
      <section><h2>Both sides</h2><${Sides} story=${story} /></section>
      <${Click} story=${story} />
      <${Facts} story=${story} />
      <${Findings} story=${story} />
      <${Trail} story=${story} />
      <${Rewards} story=${story} />
      <${Ledger} story=${story} />
    `}
  `;
}

/** @param {{story: Story}} given */
function Why({ story }) {
  const { attribution: one } = story;
  return html`<article aria-label="In short">
    <p><${Status} status=${one.status} /> · signed up <${Moment} at=${one.created_at} /></p>
    ${standing(story).map((sentence) => html`<p>${sentence}</p>`)}
    <dl class="pairs">
      <dt>Referrer</dt>
      <dd><${User} id=${one.referrer_user_id} />: ${credits(story, "referrer")}</dd>
      <dt>Referred user</dt>
      <dd><${User} id=${one.referred_user_id} />: ${credits(story, "referred")}</dd>
    </dl>
    ${story.unmatched_claims.map(
      (claim) => html`<p>
        <strong>A ${claim.kind} is on no known invoice</strong>:${" "}
        <span class="id">${claim.id}</span> ${money(claim.amount, claim.currency)}. It changes
        nothing until somebody says what it is on.
      </p>`,
    )}
  </article>`;
}

/** @param {{story: Story, reload: () => void}} given */
function Acts({ story, reload }) {
  const [wanted, setWanted] = useState(/** @type {import("./decision.js").Wanted | null} */ (null));
  const [told, setTold] = useState(/** @type {Decided | null} */ (null));
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  const [busy, setBusy] = useState(false);
  const { attribution: one, rewards } = story;
  const owed =
    ["qualified", "failed", "capped"].includes(one.status) &&
    rewards.some((reward) => !reward.credits_granted_at);

  async function retry() {
    setBusy(true);
    setProblem(null);
    try {
      await post("/admin/referrals/recover?limit=200", {});
      reload();
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  }
  const ask = (/** @type {"approve" | "reject"} */ verdict) => setWanted({ verdict, ids: [one.id] });
  return html`
    ${told && html`<p role="status"><strong>${outcome(told)}</strong></p>`}
    ${problem && html`<${Problem} problem=${problem} again=${retry} />`}
    ${one.status === "review_required" &&
    html`<div class="row">
      <button onClick=${() => ask("approve")}>Approve…</button>
      <button class="secondary" onClick=${() => ask("reject")}>Reject…</button>
    </div>`}
    ${owed &&
    html`<button aria-busy=${busy} disabled=${busy} onClick=${retry}>Try owed grants now</button>`}
    ${wanted &&
    html`<${Decision}
      wanted=${wanted}
      done=${(/** @type {Decided[]} */ [decided]) => {
        setTold(decided);
        setWanted(null);
        reload();
      }}
      close=${() => setWanted(null)}
    />`}
  `;
}

/** @param {{story: Story}} given */
function Click({ story }) {
  const { attribution: one, click } = story;
  /** @type {[string, unknown][]} */
  const pairs = [
    ["Code", one.code],
    ["Click", one.click_id ?? "none: the code was typed, or the product sent it"],
    ["Clicked", click ? html`<${Moment} at=${click.clicked_at} />` : one.click_id && "not kept any more"],
    ["Landing page", one.landing_path],
    ["Campaign", one.utm_campaign],
    ["Medium", one.utm_medium],
    ["Source", one.utm_source],
    ["Signed up", html`<${Moment} at=${one.created_at} />`],
    ["A payment counts until", html`<${Moment} at=${one.expires_at} />`],
  ];
  return html`<section>
    <h2>Click and signup</h2>
    <dl class="pairs">
      ${pairs.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    </dl>
  </section>`;
}

/** @param {{story: Story}} given */
function Facts({ story }) {
  return html`<section>
    <h2>What Stripe told</h2>
    ${story.facts.length
      ? html`<${Table}
          heads=${["When", "What", "State", "Amount", "Id", "On"]}
          rows=${story.facts.map((fact) => [
            html`<${Moment} at=${fact.at} />`,
            fact.kind,
            fact.refunded ? `${fact.state}, ${money(fact.refunded, fact.currency)} refunded` : fact.state,
            money(fact.amount, fact.currency),
            fact.id,
            [fact.invoice_id, fact.charge_id, fact.payment_intent_id]
              .filter((named) => named && named !== fact.id)
              .join(", "),
          ])}
        />`
      : html`<p>Nothing yet.</p>`}
  </section>`;
}

/** @param {{story: Story}} given */
function Findings({ story }) {
  return html`<section>
    <h2>Risk</h2>
    <${Reasons} story=${story} />
    <${Table}
      heads=${["Rule", "Flagged it", "Sees now"]}
      rows=${story.findings.map((one) => [
        ruleName(one.rule) + (one.enabled ? "" : " (switched off)"),
        one.flagged ? "yes" : "no",
        seen(one),
      ])}
    />
  </section>`;
}

/** @param {{story: Story}} given */
function Trail({ story }) {
  return html`<section>
    <h2>What happened</h2>
    <ol class="trail">
      ${story.audit.map(
        (step) => html`<li>
          <${Moment} at=${step.at} />: <${Status} status=${step.to_status} />, by ${step.by}
          ${step.why && html` (${step.why})`}
        </li>`,
      )}
    </ol>
  </section>`;
}

/** @param {{story: Story}} given */
function Rewards({ story }) {
  if (!story.rewards.length) return null;
  return html`<section>
    <h2>Rewards</h2>
    <${Table}
      heads=${["Side", "User", "Credits", "Granted", "Failed tries", "Error", "Next try", "Grant key"]}
      rows=${story.rewards.map((one) => [
        one.role,
        html`<${User} id=${one.user_id} />`,
        number(one.credits),
        one.credits_granted_at ? html`<${Moment} at=${one.credits_granted_at} />` : "no",
        one.attempts,
        one.credits_grant_error ?? "",
        html`<${Moment} at=${one.credits_granted_at ? undefined : one.next_attempt_at} />`,
        html`<span class="id">${one.credits_grant_key}</span>`,
      ])}
    />
  </section>`;
}

/** @param {{story: Story}} given */
function Ledger({ story }) {
  if (!story.ledger.length) return null;
  return html`<section>
    <h2>Ledger</h2>
    <${Table}
      heads=${["When", "User", "What", "Credits", "Missing", "Key"]}
      rows=${story.ledger.map((one) => [
        html`<${Moment} at=${one.at} />`,
        html`<${User} id=${one.user_id} />`,
        one.kind,
        number(one.credits),
        one.shortfall ? number(one.shortfall) : "",
        html`<span class="id">${one.key}</span>`,
      ])}
    />
  </section>`;
}
