// @ts-check
/** The funnel of a span and a campaign beside the span before it, and what waits for a person. */
import { useMemo } from "./hooks.mjs";
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { link } from "./router.js";
import { number } from "./words.js";

/** @typedef {import("./answers.d.ts").Stats} Stats */
/** @template T @typedef {import("./loading.js").Loaded<T>} Loaded */
/** @typedef {{from: Date, to: Date}} Span */

const DAY = 24 * 60 * 60 * 1000;
const USUAL_DAYS = 30;

/** @param {{query: URLSearchParams}} given */
export function Overview({ query }) {
  const campaign = query.get("campaign") ?? "";
  const from = query.get("from") ?? "";
  const to = query.get("to") ?? "";
  const span = useMemo(() => chosen(from, to), [from, to]);
  return html`
    <h1>Overview</h1>
    <${Waits} />
    <${Choice} key=${query.toString()} span=${span} campaign=${campaign} />
    ${span.from < span.to
      ? html`<${Funnel} span=${span} campaign=${campaign} />`
      : html`<p role="alert">The span ends before it begins: choose another.</p>`}
  `;
}

/**
 * Whole days of UTC, the last of which is in it.
 * @param {string} from
 * @param {string} to
 * @returns {Span}
 */
function chosen(from, to) {
  const today = Math.floor(Date.now() / DAY) * DAY;
  const last = midnight(to) ?? today;
  const first = midnight(from) ?? last - (USUAL_DAYS - 1) * DAY;
  return { from: new Date(first), to: new Date(last + DAY) };
}

/** @param {string} day */
function midnight(day) {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** @param {Date} at */
function dayOf(at) {
  return at.toISOString().slice(0, 10);
}

/** @param {{span: Span, campaign: string}} given */
function Choice({ span, campaign }) {
  /** @param {any} event */
  function show(event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = [...form].map(([name, value]) => [name, String(value).trim()]);
    location.hash = link("overview", undefined, Object.fromEntries(wanted.filter(([, value]) => value)));
  }
  return html`<form class="sides" onSubmit=${show}>
    <label>From<input type="date" name="from" value=${dayOf(span.from)} /></label>
    <label>To, and with it<input type="date" name="to" value=${dayOf(new Date(+span.to - DAY))} /></label>
    <label>Campaign<input name="campaign" placeholder="all" value=${campaign} /></label>
    <div class="row"><button type="submit">Show</button></div>
  </form>`;
}

/** @type {[keyof Stats, string, (keyof Stats)?][]} */
const STEPS = [
  ["clicks", "Clicks"],
  ["attributed_signups", "Signups", "signup_rate"],
  ["qualified_referrals", "Qualified", "qualification_rate"],
  ["rewarded_referrals", "Rewarded", "reward_rate"],
];
/** @type {[keyof Stats, string][]} */
const BESIDE = [
  ["review_required", "Waiting for review"],
  ["capped_referrals", "Capped"],
  ["rejected_referrals", "Rejected"],
];
/** @type {Record<string, string>} */
const RATES = {
  signup_rate: "of clicks",
  qualification_rate: "of signups",
  reward_rate: "of signups",
};

/** @param {{span: Span, campaign: string}} given */
function Funnel({ span, campaign }) {
  const before = { from: new Date(+span.from - (+span.to - +span.from)), to: span.from };
  const now = useStats(span, campaign);
  const then = useStats(before, campaign);
  const [stats, earlier] = [now.data, then.data];
  if (!stats || !earlier) return html`<${Waiting} loaded=${stats ? then : now} what="the funnel" />`;
  const most = Math.max(stats.clicks, stats.attributed_signups, 1);
  return html`<section>
    <h2 id="funnel">Funnel${campaign && html` of ${campaign}`}</h2>
    <div class="scrolls" tabindex="0" role="region" aria-labelledby="funnel">
      <table>
        <thead>
          <tr>
            <td></td>
            <th scope="col">${dayOf(span.from)} to ${dayOf(new Date(+span.to - DAY))}</th>
            <th scope="col">Rate</th>
            <th scope="col">The span before</th>
            <th scope="col">Its rate</th>
            <td></td>
          </tr>
        </thead>
        <tbody>
          ${STEPS.map(
            ([name, title, rate]) => html`<tr data-figure=${name}>
              <th scope="row">${title}</th>
              <td><strong>${number(stats[name])}</strong></td>
              <td>${rate && `${percent(stats[rate])} ${RATES[rate]}`}</td>
              <td>${number(earlier[name])}</td>
              <td>${rate && percent(earlier[rate])}</td>
              <td><meter aria-hidden="true" max=${most} value=${stats[name]}></meter></td>
            </tr>`,
          )}
          ${BESIDE.map(
            ([name, title]) => html`<tr data-figure=${name}>
              <th scope="row">${title}</th>
              <td>${number(stats[name])}</td>
              <td></td>
              <td>${number(earlier[name])}</td>
              <td></td>
              <td></td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p>
      <small>
        Clicks are counted when they happened, referrals by their signup: what becomes of a signup
        later still shows in its span. Qualified are all that ever were, the others what is now.
      </small>
    </p>
  </section>`;
}

/** @param {number} rate */
function percent(rate) {
  return `${(rate * 100).toFixed(1)} %`;
}

/**
 * @param {Span} span
 * @param {string} campaign
 * @returns {Loaded<Stats>}
 */
function useStats(span, campaign) {
  const bounds = { from: span.from.toISOString(), to: span.to.toISOString() };
  return useAnswer("/admin/referrals/stats", { ...bounds, campaign });
}

function Waits() {
  const reviews = /** @type {Loaded<Stats>} */ (useAnswer("/admin/referrals/stats"));
  const owed = /** @type {Loaded<import("./answers.d.ts").ReferralPage>} */ (
    useAnswer("/admin/referrals", { pending_grant: "true", limit: "100", order: "oldest" })
  );
  const failed = owed.data?.items.filter((one) => one.attribution.status === "failed").length ?? 0;
  const many = owed.data ? `${owed.data.items.length}${owed.data.next_cursor ? " and more" : ""}` : "";
  return html`<article aria-label="What waits for a person">
    <${Waiting} loaded=${reviews.data ? owed : reviews} what="what waits" />
    <div class="row">
      ${reviews.data &&
      html`<a href=${link("review")}>${number(reviews.data.review_required)} wait for review</a>`}
      ${owed.data &&
      html`<a href=${link("referrals", undefined, { pending_grant: "true", order: "oldest" })}>
        ${many} with credits that are owed${failed ? `, ${failed} of them failed` : ""}
      </a>`}
    </div>
  </article>`;
}
