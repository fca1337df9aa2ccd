// @ts-check
/** A table that scrolls by itself where the page is narrow. */
import { html } from "./html.js";

/**
 * `figures` are set to the right, digit under digit; the first column names the row.
 * @param {{heads: string[], rows: unknown[][], name?: string, figures?: boolean}} given
 */
export function Table({ heads, rows, name, figures }) {
  const cell = (/** @type {unknown} */ value, /** @type {number} */ place) =>
    figures && !place ? html`<th scope="row">${value}</th>` : html`<td>${value}</td>`;
  return html`<div class="scrolls" tabindex="0" role="region" aria-label=${name ?? heads.join(", ")}>
    <table class=${figures && "figures"}>
      <thead>
        <tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr>
      </thead>
      <tbody>
        ${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}
      </tbody>
    </table>
  </div>`;
}
