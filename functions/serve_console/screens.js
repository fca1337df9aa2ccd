// @ts-check
/** The screens by their names; each is loaded when somebody goes there. */
import { useEffect, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { link } from "./router.js";

/** @typedef {import("./router.js").Place} Place */
/** @typedef {import("./preact.mjs").ComponentType<any>} Component */

/** @type {[string, string][]} */
export const SCREENS = [
  ["overview", "Overview"],
  ["review", "Review"],
  ["referrals", "Referrals"],
  ["accounts", "Accounts"],
  ["health", "Health"],
];

/** @type {Record<string, () => Promise<Component>>} */
const LOADED_BY = {
  overview: async () => (await import("./overview.js")).Overview,
  review: async () => (await import("./review.js")).Review,
  referrals: async () => (await import("./referrals.js")).Referrals,
  "referrals/": async () => (await import("./referral.js")).Referral,
  accounts: async () => (await import("./account.js")).Accounts,
  health: async () => (await import("./health.js")).Health,
  "accounts/": async () => (await import("./account.js")).Account,
};

/** @param {{place: Place}} given */
export function Screen({ place }) {
  const name = place.id ? `${place.screen}/` : place.screen;
  const [shown, setShown] = useState(/** @type {{name: string, Loaded?: Component} | null} */ (null));
  useEffect(() => {
    let wanted = true;
    const show = (/** @type {Component} */ Loaded) => wanted && setShown({ name, Loaded });
    LOADED_BY[name]?.().then(show, () => wanted && setShown({ name }));
    return () => {
      wanted = false;
    };
  }, [name]);
  if (!(name in LOADED_BY)) return html`<${Nowhere} />`;
  if (shown?.name !== name) return html`<p role="status" aria-busy="true">Loading…</p>`;
  if (!shown.Loaded) return html`<${Renewed} />`;
  return html`<${shown.Loaded} key=${place.id} id=${place.id} query=${place.query} />`;
}

function Nowhere() {
  return html`<h1>No such page</h1><p><a href=${link("review")}>Go to the review queue</a></p>`;
}

/** Of a page that was renewed meanwhile the rest is of another version, and not to be had. */
function Renewed() {
  return html`<article class="problem">
    <p role="alert"><strong>This screen did not load.</strong> The console was renewed meanwhile, or your network is gone.</p>
    <button class="outline" onClick=${() => location.reload()}>Load the page again</button>
  </article>`;
}
