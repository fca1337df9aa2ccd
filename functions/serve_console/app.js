// @ts-check
/** The frame around every screen. */
import { useEffect, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { render } from "./preact.mjs";
import { link, usePlace } from "./router.js";
import { Screen, SCREENS } from "./screens.js";
import { signOut } from "./session.js";
import { SignIn, useSession } from "./sign_in.js";

function App() {
  const place = usePlace();
  const current = useSession();
  const [since, setSince] = useState(/** @type {string | null} */ (current));
  useEffect(() => {
    if (current) setSince(current);
  }, [current]);
  useEffect(() => {
    const [, name] = SCREENS.find(([screen]) => screen === place.screen) ?? ["", "Referrals"];
    document.title = `${place.id ?? name} · Referrals`;
  }, [place.screen, place.id]);
  return html`
    <header>
      <nav aria-label="Screens">
        <ul>
          <li><strong>Referrals</strong></li>
          ${SCREENS.map(
            ([screen, name]) => html`<li>
              <a
                href=${link(screen)}
                aria-current=${place.screen === screen ? (place.id ? "true" : "page") : undefined}
              >
                ${name}
              </a>
            </li>`,
          )}
        </ul>
        <ul>
          ${current && html`<li><a href="#/" onClick=${leave}>Sign out</a></li>`}
        </ul>
      </nav>
    </header>
    <main>
      ${since && html`<${Screen} key=${place.screen} place=${place} />`}
    </main>
    ${!current && html`<${SignIn} again=${Boolean(since)} />`}
  `;
}

/** @param {Event} event */
function leave(event) {
  event.preventDefault();
  signOut();
  // Nothing of what was shown stays for whoever comes next.
  location.reload();
}

const told = new URLSearchParams(location.search);
if (told.has("state")) {
  // This is the window in which somebody signed in elsewhere.
  render(html`<main><p>You may close this window.</p></main>`, document.body);
  import("./oidc.js").then(({ passOn }) => passOn(told));
} else {
  render(html`<${App} />`, document.body);
}
