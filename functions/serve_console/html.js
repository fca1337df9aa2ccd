// @ts-check
/** Components are written as tagged templates: nothing is compiled. */
import htm from "./htm.mjs";
import { h } from "./preact.mjs";

/** @typedef {import("./preact.mjs").ComponentChildren} Children */

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => any} */
export const html = htm.bind(/** @type {any} */ (h));
