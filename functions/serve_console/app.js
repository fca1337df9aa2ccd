// @ts-check
/** The frame around every screen. */
import { Account, Accounts } from "./account.js";
import { useEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Overview } from "./overview.js";
import { render } from "./preact.mjs";
import { Referral } from "./referral.js";
import { Referrals } from "./referrals.js";
import { Review } from "./review.js";
import { link, usePlace } from "./router.js";
import { signOut } from "./session.js";
import { SignIn, useKey } from "./sign_in.js";

/** @type {[string, string][]} */
const SCREENS = [
  ["overview", "Overview"],
  ["review", "Review"],
  ["referrals", "Referrals"],
  ["accounts", "Accounts"],
];

function App() {
  const place = usePlace();
  const current = useKey();
  const [since, setSince] = useState(/** @type {string | null} */ (current));
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (current) setSince(current);
  }, [current]);
  useEffect(() => {
    const [, name] = SCREENS.find(([screen]) => screen === place.screen) ?? ["", "Referrals"];
    document.title = `${place.id ?? name} · Referrals`;
  }, [place.screen, place.id]);
  return html`
    <header class="bar container-fluid">
      <nav aria-label="Screens">
        <ul>
          <li><strong>Referrals</strong></li>
          ${SCREENS.map(
            ([screen, name]) => html`<li>
              <a
                href=${link(screen)}
                aria-current=${place.screen === screen && !place.id ? "page" : undefined}
              >
                ${name}
              </a>
            </li>`,
          )}
        </ul>
        <ul>
          ${current && html`<li><a href="#/" role="button" class="secondary outline" onClick=${leave}>Sign out</a></li>`}
        </ul>
      </nav>
    </header>
    <main class="container-fluid" ref=${main}>
      ${since && html`<${Screen} key=${place.screen} place=${place} />`}
    </main>
    ${!current && html`<${SignIn} again=${Boolean(since)} />`}
  `;
}

/** @param {{place: import("./router.js").Place}} given */
function Screen({ place }) {
  if (place.screen === "referrals" && place.id) {
    return html`<${Referral} key=${place.id} id=${place.id} />`;
  }
  if (place.screen === "referrals") return html`<${Referrals} query=${place.query} />`;
  if (place.screen === "accounts" && place.id) {
    return html`<${Account} key=${place.id} id=${place.id} query=${place.query} />`;
  }
  if (place.screen === "accounts") return html`<${Accounts} />`;
  if (place.screen === "overview") return html`<${Overview} query=${place.query} />`;
  if (place.screen === "review") return html`<${Review} />`;
  return html`<h1>No such page</h1><p><a href=${link("review")}>Go to the review queue</a></p>`;
}

/** @param {Event} event */
function leave(event) {
  event.preventDefault();
  signOut();
  // Nothing of what was shown stays for whoever comes next.
  location.reload();
}

render(html`<${App} />`, document.body);
