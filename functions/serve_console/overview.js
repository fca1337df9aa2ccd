// @ts-check
/** The programme at a glance: what waits for a person, the funnel of a span, and its course. */
import { Funnel } from "./funnel.js";
import { useMemo } from "./hooks.mjs";
import { html } from "./html.js";
import { Campaigns, Referrers } from "./rankings.js";
import { link } from "./router.js";
import { Series } from "./series.js";
import { chosen, days, grainOf } from "./span.js";
import { Waits } from "./waits.js";

/** @typedef {import("./span.js").Span} Span */

/** @param {{query: URLSearchParams}} given */
export function Overview({ query }) {
  const campaign = query.get("campaign") ?? "";
  const from = query.get("from") ?? "";
  const to = query.get("to") ?? "";
  const span = useMemo(() => chosen(from, to), [from, to]);
  const grain = grainOf(span, query.get("grain"));
  return html`
    <h1>Overview</h1>
    <${Waits} />
    <${Choice} key=${query.toString()} span=${span} campaign=${campaign} grain=${query.get("grain")} />
    ${span.from < span.to
      ? html`<${Funnel} span=${span} campaign=${campaign} />
          <${Series} span=${span} campaign=${campaign} grain=${grain} />
          ${!campaign && html`<${Campaigns} span=${span} /><${Referrers} />`}`
      : html`<p role="alert">The span ends before it begins: choose another.</p>`}
  `;
}

/** @param {{span: Span, campaign: string, grain: string | null}} given */
function Choice({ span, campaign, grain }) {
  const [first, last] = days(span);
  /** @param {any} event */
  function show(event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = [...form].map(([name, value]) => [name, String(value).trim()]);
    location.hash = link("overview", undefined, Object.fromEntries(wanted.filter(([, value]) => value)));
  }
  return html`<form class="choice" onSubmit=${show}>
    <label>From<input type="date" name="from" value=${first} /></label>
    <label>To, and with it<input type="date" name="to" value=${last} /></label>
    <label>Campaign<input name="campaign" placeholder="all" autocomplete="off" value=${campaign} /></label>
    <label>
      Step
      <select name="grain">
        <option value="">as it fits</option>
        <option value="day" selected=${grain === "day"}>days</option>
        <option value="hour" selected=${grain === "hour"}>hours</option>
      </select>
    </label>
    <button type="submit">Show</button>
  </form>`;
}
