// @ts-check
/** Who is not signed in is asked for a key; what lies behind stays as it is. */
import { Refusal, tryKey } from "./api.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Problem } from "./problem.js";
import { key, signIn } from "./session.js";

/** @returns {string | null} */
export function useKey() {
  const [current, setCurrent] = useState(key);
  useEffect(() => {
    const look = () => setCurrent(key());
    addEventListener("session", look);
    return () => removeEventListener("session", look);
  }, []);
  return current;
}

/** @param {{again: boolean}} given */
export function SignIn({ again }) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  const [busy, setBusy] = useState(false);
  const dialog = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => dialog.current.showModal(), []);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await tryKey(typed.trim());
      signIn(typed);
    } catch (error) {
      setProblem(error instanceof Refusal && error.status === 401 ? UNKNOWN : error);
      setBusy(false);
    }
  }
  return html`<dialog
    ref=${dialog}
    aria-labelledby="sign-in"
    onCancel=${(/** @type {Event} */ event) => event.preventDefault()}
  >
    <article>
      <h2 id="sign-in">${again ? "Sign in again" : "Sign in"}</h2>
      ${again &&
      html`<p>Your key is not valid any more. What you typed is still here, behind this.</p>`}
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
        <button type="submit" aria-busy=${busy}>Sign in</button>
      </form>
      <small>It stays in this tab, and is gone when the tab is closed.</small>
    </article>
  </dialog>`;
}

const UNKNOWN = new Refusal(400, "no such key, or it was revoked");
