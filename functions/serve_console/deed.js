// @ts-check
/** Something that is done to a user after a person has said why, or that they mean it. */
import { post } from "./api.js";
import { useLayoutEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Problem } from "./problem.js";

/**
 * What is asked: `typed` is what has to be typed to mean it, where a reason is not enough.
 * @typedef {{name: string, title: string, means: string, path: string, typed?: string}} Deed
 */

/** @param {{deed: Deed, done: (answer: any) => void, close: () => void}} given */
export function Ask({ deed, done, close }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  const dialog = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => dialog.current.showModal(), []);
  const meant = deed.typed === undefined || text === deed.typed;

  /** @param {Event} [event] */
  async function act(event) {
    event?.preventDefault();
    if (busy || !meant) return;
    setBusy(true);
    setProblem(null);
    try {
      const reason = deed.typed === undefined ? text.trim() || undefined : undefined;
      done(await post(deed.path, { reason }));
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }
  return html`<dialog ref=${dialog} aria-labelledby="deed" onClose=${close}>
    <article>
      <h2 id="deed">${deed.title}</h2>
      <p>${deed.means}</p>
      <form onSubmit=${act}>
        <label>
          ${deed.typed === undefined ? "Note" : "Type the user id to go on"}
          <input
            maxlength="500"
            autocomplete="off"
            value=${text}
            onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}
          />
        </label>
        ${problem && html`<${Problem} problem=${problem} again=${() => act()} />`}
        <div class="row">
          <button type="submit" aria-busy=${busy} disabled=${!meant}>${deed.name}</button>
          <button type="button" class="secondary outline" onClick=${() => dialog.current.close()}>
            Not now
          </button>
        </div>
      </form>
    </article>
  </dialog>`;
}
