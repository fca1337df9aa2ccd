// @ts-check
/** The course of a span, step by step: drawn, and the same in figures. */
import { useEffect, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { bounds, days, tooLong } from "./span.js";
import { number, stepName } from "./words.js";

/** @typedef {import("./answers.d.ts").Step} Step */
/** @typedef {import("./answers.d.ts").Stats} Stats */
/** @typedef {import("./span.js").Span} Span */
/** @typedef {import("./span.js").Grain} Grain */

/** @type {[keyof Stats, string][]} */
const COLUMNS = [
  ["clicks", "Clicks"],
  ["attributed_signups", "Signups"],
  ["qualified_referrals", "Qualified"],
  ["rewarded_referrals", "Rewarded"],
  ["review_required", "Waiting for review"],
  ["capped_referrals", "Capped"],
  ["rejected_referrals", "Rejected"],
];

/** @param {{span: Span, campaign: string, grain: Grain}} given */
export function Series({ span, campaign, grain }) {
  const refused = tooLong(span, grain);
  const loaded = /** @type {import("./loading.js").Loaded<{items: Step[]}>} */ (
    useAnswer(refused ? null : "/admin/referrals/series", { grain, ...bounds(span), campaign })
  );
  const Chart = useChart();
  const steps = loaded.data?.items;
  return html`<section data-course=${steps && days(span).join(" to ")}>
    <h2>${grain === "day" ? "Day by day" : "Hour by hour"}</h2>
    ${refused && html`<p>${refused}</p>`}
    <${Waiting} loaded=${loaded} what="its course" />
    ${steps &&
    (steps.length
      ? html`
          ${Chart && html`<${Chart} steps=${steps} grain=${grain} />`}
          <${Figures} steps=${steps} grain=${grain} />
        `
      : html`<p>All of it is still to come.</p>`)}
  </section>`;
}

/** What draws is larger than all else, and nobody waits for it. */
function useChart() {
  const [Chart, setChart] = useState(/** @type {any} */ (null));
  useEffect(() => {
    import("./chart.js").then(
      (loaded) => setChart(() => loaded.Chart),
      () => {}, // The figures tell the same.
    );
  }, []);
  return Chart;
}

/** @param {{steps: Step[], grain: Grain}} given */
function Figures({ steps, grain }) {
  const sum = (/** @type {keyof Stats} */ name) => steps.reduce((total, step) => total + step[name], 0);
  return html`<details>
    <summary>The same in figures</summary>
    <div class="scrolls" tabindex="0" role="region" aria-label="The course in figures">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">${grain === "day" ? "Day" : "Hour"} of UTC</th>
            ${COLUMNS.map(([, title]) => html`<th scope="col">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${steps.map(
            (step) => html`<tr key=${step.start}>
              <th scope="row">${stepName(step.start, grain)}</th>
              ${COLUMNS.map(([name]) => html`<td>${number(step[name])}</td>`)}
            </tr>`,
          )}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Together</th>
            ${COLUMNS.map(([name]) => html`<td data-sum=${name}>${number(sum(name))}</td>`)}
          </tr>
        </tfoot>
      </table>
    </div>
  </details>`;
}
