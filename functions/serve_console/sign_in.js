// @ts-check
/** Who is not signed in is asked for a key, or led to their provider; what lies behind stays. */
import { Refusal, tryOut } from "./api.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Problem } from "./problem.js";
import { byKey, byToken, session, signIn } from "./session.js";

/** @typedef {import("./session.js").Credentials} Credentials */

/** @returns {string | null} */
export function useSession() {
  const [current, setCurrent] = useState(session);
  useEffect(() => {
    const look = () => setCurrent(session());
    addEventListener("session", look);
    return () => removeEventListener("session", look);
  }, []);
  return current;
}

/** @param {string} name */
function setting(name) {
  return document.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? "";
}

const PROVIDER = { issuer: setting("issuer"), client: setting("client"), audience: setting("audience") };

/** @param {{again: boolean}} given */
export function SignIn({ again }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  const [busy, setBusy] = useState("");
  const dialog = useRef(/** @type {any} */ (null));
  const [oidc, setOidc] = useState(/** @type {typeof import("./oidc.js") | null} */ (null));
  useLayoutEffect(() => dialog.current.showModal(), []);
  useEffect(() => {
    if (PROVIDER.issuer && PROVIDER.client) import("./oidc.js").then(setOidc, () => {});
  }, []);

  /**
   * @param {string} how
   * @param {() => Promise<Credentials>} found
   */
  async function enter(how, found) {
    setBusy(how);
    setProblem(null);
    try {
      const credentials = await found();
      await tryOut(credentials);
      signIn(credentials);
    } catch (error) {
      setProblem(error instanceof Refusal ? (error.status === 401 ? UNKNOWN : error) : refused(error));
      setBusy("");
    }
  }
  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    enter("key", async () => byKey(typed));
  }
  return html`<dialog
    ref=${dialog}
    aria-labelledby="sign-in"
    onCancel=${(/** @type {Event} */ event) => event.preventDefault()}
  >
    <article>
      <h2 id="sign-in">${again ? "Sign in again" : "Sign in"}</h2>
      ${again &&
      html`<p>You are not known any more. What you typed is still here, behind this.</p>`}
      ${oidc &&
      html`<button
        class="whole"
        aria-busy=${busy === "provider"}
        onClick=${() => enter("provider", async () => byToken(await oidc.tokenFrom(PROVIDER)))}
      >
        Sign in with ${new URL(PROVIDER.issuer).host}
      </button>
      ${busy === "provider" && html`<p role="status">Go on in the window that opened. Is it closed? Press again.</p>`}`}
      <form onSubmit=${submit}>
        <label>
          Admin API key
          <input
            type="password"
            name="key"
            required
            autocomplete="off"
            spellcheck=${false}
            value=${typed}
            onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)}
          />
        </label>
        ${problem && html`<${Problem} problem=${problem} />`}
        <button type="submit" class=${oidc ? "outline" : ""} aria-busy=${busy === "key"}>
          Sign in${oidc ? " with the key" : ""}
        </button>
      </form>
      <small>It stays in this tab, and is gone when the tab is closed.</small>
    </article>
  </dialog>`;
}

const UNKNOWN = new Refusal(400, "nobody is known by it, or not any more");

/** @param {unknown} error */
function refused(error) {
  return new Refusal(400, error instanceof Error ? error.message : String(error));
}
