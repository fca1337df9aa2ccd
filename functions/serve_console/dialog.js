// @ts-check
/** A question in front of the page: a yes or no, what went wrong, and nothing typed is lost. */
import { useLayoutEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Problem } from "./problem.js";

/** @typedef {import("./html.js").Children} Children */

/**
 * `act` carries it out, and throws where it could not; then it may be tried again.
 * @param {{title: string, means: Children, name: string, ready?: boolean, act: () => Promise<void>,
 *   close: () => void, children?: Children}} given
 */
export function Dialog({ title, means, name, ready = true, act, close, children }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  const dialog = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => dialog.current.showModal(), []);

  /** @param {Event} [event] */
  async function submit(event) {
    event?.preventDefault();
    if (busy || !ready) return;
    setBusy(true);
    setProblem(null);
    try {
      await act();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  }
  return html`<dialog ref=${dialog} aria-labelledby="question" onClose=${close}>
    <article>
      <h2 id="question">${title}</h2>
      <p>${means}</p>
      <form onSubmit=${submit}>
        ${children} ${problem && html`<${Problem} problem=${problem} again=${() => submit()} />`}
        <div class="row">
          <button type="submit" aria-busy=${busy} disabled=${!ready}>${name}</button>
          <button type="button" class="secondary outline" onClick=${() => dialog.current.close()}>
            Not now
          </button>
        </div>
      </form>
    </article>
  </dialog>`;
}
