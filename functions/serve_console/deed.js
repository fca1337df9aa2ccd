// @ts-check
/** Something that is done to a user after a person has said why, or that they mean it. */
import { post } from "./api.js";
import { Dialog } from "./dialog.js";
import { useState } from "./hooks.mjs";
import { html } from "./html.js";

/**
 * What is asked: `typed` is what has to be typed to mean it, where a reason is not enough.
 * @typedef {{name: string, title: string, means: string, path: string, typed?: string}} Deed
 */

/** @param {{deed: Deed, done: (answer: any) => void, close: () => void}} given */
export function Ask({ deed, done, close }) {
  const [text, setText] = useState("");
  const { name, title, means, path, typed } = deed;

  async function act() {
    const reason = typed === undefined ? text.trim() || undefined : undefined;
    done(await post(path, { reason }));
  }
  const ready = typed === undefined || text === typed;
  return html`<${Dialog} title=${title} means=${means} name=${name} ready=${ready} act=${act} close=${close}>
    <label>
      ${typed === undefined ? "Note" : "Type the user id to go on"}
      <input
        maxlength="500"
        autocomplete="off"
        value=${text}
        onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}
      />
    </label>
  <//>`;
}
