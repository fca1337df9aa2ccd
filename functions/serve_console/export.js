// @ts-check
/** What is filtered, saved as one file: its pages are fetched in turn. */
import { getPage } from "./api.js";
import { useEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Problem } from "./problem.js";
import { number } from "./words.js";

/** @typedef {{parts: string[], next?: string}} Fetched */

const NOTHING = /** @type {Fetched} */ ({ parts: [] });

/** @param {{filters: Record<string, string | undefined>}} given */
export function Export({ filters }) {
  const [pages, setPages] = useState(0);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  // Where it broke off it goes on.
  const fetched = useRef(NOTHING);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  async function fetchAll() {
    setBusy(true);
    setProblem(null);
    stop.current = new AbortController();
    try {
      do {
        const { parts, next } = fetched.current;
        const page = await getPage("/admin/referrals.csv", { ...filters, cursor: next }, stop.current.signal);
        fetched.current = { parts: [...parts, page.text], next: page.next };
        setPages(parts.length + 1);
      } while (fetched.current.next);
      save(fetched.current.parts);
      fetched.current = NOTHING;
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem(error);
      else fetched.current = NOTHING;
    }
    setBusy(false);
  }
  if (problem) return html`<${Problem} problem=${problem} again=${fetchAll} />`;
  if (!busy) return html`<button class="outline" onClick=${fetchAll}>Save all as CSV</button>`;
  return html`<div class="row">
    <span role="status" aria-busy="true">${number(pages)} ${pages === 1 ? "page" : "pages"} fetched…</span>
    <button class="outline secondary" onClick=${() => stop.current.abort()}>Stop</button>
  </div>`;
}

/** @param {string[]} parts */
function save(parts) {
  const address = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "referrals.csv";
  link.click();
  URL.revokeObjectURL(address);
}
