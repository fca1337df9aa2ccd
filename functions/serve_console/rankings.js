// @ts-check
/** Which campaigns bring most. */
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { link } from "./router.js";
import { bounds, days } from "./span.js";
import { Table } from "./table.js";
import { number, percent } from "./words.js";

/** @typedef {import("./answers.d.ts").Campaigns} CampaignsAnswer */
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
