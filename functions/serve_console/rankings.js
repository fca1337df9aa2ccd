// @ts-check
/** Which campaigns and which referrers bring most. */
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { link } from "./router.js";
import { bounds, days } from "./span.js";
import { Table } from "./table.js";
import { Moment, number, percent } from "./words.js";

/** @typedef {import("./answers.d.ts").Campaigns} CampaignsAnswer */
/** @typedef {import("./answers.d.ts").Referrers} ReferrersAnswer */
/** @template T @typedef {import("./loading.js").Loaded<T>} Loaded */

/** @param {{span: import("./span.js").Span}} given */
export function Campaigns({ span }) {
  const loaded = /** @type {Loaded<CampaignsAnswer>} */ (
    useAnswer("/admin/campaigns", { ...bounds(span), limit: "10" })
  );
  const [from, to] = days(span);
  const heads = ["Campaign", "Clicks", "Signups", "Of clicks", "Qualified", "Rewarded", "Of signups"];
  const rows = loaded.data?.items.map((one) => [
    html`<a class="id" href=${link("overview", undefined, { from, to, campaign: one.campaign })}>${one.campaign}</a>`,
    number(one.clicks),
    number(one.attributed_signups),
    percent(one.signup_rate),
    number(one.qualified_referrals),
    number(one.rewarded_referrals),
    percent(one.reward_rate),
  ]);
  return html`<section>
    <h2>Top campaigns</h2>
    <${Waiting} loaded=${loaded} what="campaigns" />
    ${rows && (rows.length ? html`<${Table} name="Top campaigns" heads=${heads} rows=${rows} figures />` : html`<p>No campaign brought a signup.</p>`)}
    ${loaded.data && !loaded.data.complete && html`<small>There are more than these.</small>`}
  </section>`;
}

export function Referrers() {
  const loaded = /** @type {Loaded<ReferrersAnswer>} */ (useAnswer("/admin/referrers"));
  const heads = ["Referrer", "Signups", "Qualified", "In review", "Rewarded", "Capped", "Of signups"];
  const rows = loaded.data?.items.map((one) => [
    html`<a class="id" href=${link("accounts", one.user_id)}>${one.user_id}</a>${one.disabled && " (disabled)"}`,
    number(one.attributed_signups),
    number(one.qualified_referrals),
    number(one.review_required),
    number(one.rewarded_referrals),
    number(one.capped_referrals),
    percent(one.reward_rate),
  ]);
  const at = loaded.data?.ranked_at;
  return html`<section>
    <h2>Top referrers</h2>
    <${Waiting} loaded=${loaded} what="referrers" />
    ${rows && (rows.length ? html`<${Table} name="Top referrers" heads=${heads} rows=${rows} figures />` : html`<p>Nobody brought a signup yet.</p>`)}
    ${at && html`<small>Since the beginning, of every campaign; ranked <${Moment} at=${at} />.</small>`}
  </section>`;
}
