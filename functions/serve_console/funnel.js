// @ts-check
/** The funnel of a span and a campaign, beside the span before it. */
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { before, bounds, days } from "./span.js";
import { number, percent } from "./words.js";

/** @typedef {import("./answers.d.ts").Stats} Stats */
/** @typedef {import("./span.js").Span} Span */
/** @template T @typedef {import("./loading.js").Loaded<T>} Loaded */

/** @type {[keyof Stats, string, (keyof Stats)?, string?][]} */
const STEPS = [
  ["clicks", "Clicks"],
  ["attributed_signups", "Signups", "signup_rate", "of clicks"],
  ["qualified_referrals", "Qualified", "qualification_rate", "of signups"],
  ["rewarded_referrals", "Rewarded", "reward_rate", "of signups"],
];
/** @type {[keyof Stats, string][]} */
const BESIDE = [
  ["review_required", "Waiting for review"],
  ["capped_referrals", "Capped"],
  ["rejected_referrals", "Rejected"],
];

/** @param {{span: Span, campaign: string}} given */
export function Funnel({ span, campaign }) {
  const now = useStats(span, campaign);
  const then = useStats(before(span), campaign);
  const [stats, earlier] = [now.data, then.data];
  if (!stats || !earlier) return html`<${Waiting} loaded=${stats ? then : now} what="the funnel" />`;
  const most = Math.max(...STEPS.map(([name]) => stats[name]), 1);
  return html`<section>
    <h2 id="funnel">Funnel${campaign && html` of ${campaign}`}</h2>
    <div class="scrolls" tabindex="0" role="region" aria-labelledby="funnel">
      <table class="figures">
        <thead>
          <tr>
            <td></td>
            <th scope="col">${days(span).join(" to ")}</th>
            <th scope="col">Rate</th>
            <th scope="col">${days(before(span)).join(" to ")}</th>
            <th scope="col">Its rate</th>
            <th scope="col">Change</th>
            <td></td>
          </tr>
        </thead>
        <tbody>
          ${STEPS.map(
            ([name, title, rate, of]) => html`<tr data-figure=${name}>
              <th scope="row">${title}</th>
              <td><strong>${number(stats[name])}</strong></td>
              <td>${rate && `${percent(stats[rate])} ${of}`}</td>
              <td>${number(earlier[name])}</td>
              <td>${rate && percent(earlier[rate])}</td>
              <td>${change(stats[name], earlier[name])}</td>
              <td><${Bar} part=${stats[name] / most} /></td>
            </tr>`,
          )}
          ${BESIDE.map(
            ([name, title]) => html`<tr class="beside" data-figure=${name}>
              <th scope="row">${title}</th>
              <td>${number(stats[name])}</td>
              <td></td>
              <td>${number(earlier[name])}</td>
              <td></td>
              <td>${change(stats[name], earlier[name])}</td>
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

/** @param {{part: number}} given */
function Bar({ part }) {
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 8" preserveAspectRatio="none">
    <rect class="whole" width="100" height="8" />
    <rect width=${100 * part} height="8" />
  </svg>`;
}

/** @param {number} now @param {number} then */
function change(now, then) {
  if (!then) return now ? "new" : "";
  const by = now / then - 1;
  if (!by) return "the same";
  if (by >= 1) return `× ${number(Math.round(10 * (by + 1)) / 10)}`;
  return `${by > 0 ? "+" : "−"}${percent(Math.abs(by))}`;
}

/**
 * @param {Span} span
 * @param {string} campaign
 * @returns {Loaded<Stats>}
 */
function useStats(span, campaign) {
  return useAnswer("/admin/referrals/stats", { ...bounds(span), campaign });
}
