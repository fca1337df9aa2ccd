// @ts-check
/** What waits for a person, with counts that lead there. */
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { link } from "./router.js";
import { ago, number } from "./words.js";

/** @typedef {import("./answers.d.ts").Stats} Stats */
/** @typedef {import("./answers.d.ts").ReferralPage} ReferralPage */
/** @template T @typedef {import("./loading.js").Loaded<T>} Loaded */

const OWED = { pending_grant: "true", order: "oldest" };
const FAILED = { status: "failed", order: "oldest" };
const HELD = { status: "review_required", order: "oldest" };

export function Waits() {
  const stats = /** @type {Loaded<Stats>} */ (useAnswer("/admin/referrals/stats"));
  const held = usePage(HELD, "1");
  const owed = usePage(OWED, "100");
  const failed = usePage(FAILED, "100");
  const late = [stats, held, owed, failed].find((one) => !one.data);
  if (late) return html`<${Waiting} loaded=${late} what="what waits" />`;
  return html`<ul class="waits" aria-label="What waits for a person">
    <${Count} count=${number(stats.data?.review_required ?? 0)} what="wait for review" page=${held.data} to=${link("review")} />
    <${Count} count=${countOf(owed.data)} what="with credits that are owed" page=${owed.data} to=${listed(OWED)} />
    <${Count} count=${countOf(failed.data)} what="whose grant failed" page=${failed.data} to=${listed(FAILED)} />
  </ul>`;
}

/** @param {{count: string, what: string, page?: ReferralPage, to: string}} given */
function Count({ count, what, page, to }) {
  const oldest = page?.items[0]?.attribution.created_at;
  return html`<li>
    <a href=${to}><strong>${count}</strong> ${what}</a>
    <small>${oldest ? `the oldest signed up ${ago(oldest)}` : "nothing to do"}</small>
  </li>`;
}

/** @param {Record<string, string>} query @param {string} limit */
function usePage(query, limit) {
  return /** @type {Loaded<ReferralPage>} */ (useAnswer("/admin/referrals", { ...query, limit }));
}

/** @param {ReferralPage | undefined} page */
function countOf(page) {
  return `${page?.items.length ?? 0}${page?.next_cursor ? " and more" : ""}`;
}

/** @param {Record<string, string>} query */
function listed(query) {
  return link("referrals", undefined, query);
}
