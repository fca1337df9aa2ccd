// @ts-check
/** What a screen shows of the API, while it loads, when it is there, and when it fails. */
import { get } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { Problem } from "./problem.js";

/**
 * @template T
 * @typedef {{data?: T, problem?: unknown, loading: boolean, reload: () => void}} Loaded
 */

/**
 * The answer to a GET; null asks nothing. What was there stays until the next answer.
 * @template T
 * @param {string | null} path
 * @param {Record<string, string | undefined>} [query]
 * @returns {Loaded<T>}
 */
export function useAnswer(path, query) {
  const [state, setState] = useState(/** @type {any} */ ({ loading: path !== null }));
  const latest = useRef(0);
  const asked = path + JSON.stringify(query ?? {});
  const load = useCallback(() => {
    const turn = ++latest.current;
    if (path === null) return setState({ loading: false });
    const tell = (/** @type {object} */ news) => {
      // An answer that another question has overtaken is nobody's.
      if (turn === latest.current) setState({ asked, loading: false, ...news });
    };
    setState((/** @type {any} */ was) => ({ ...was, problem: undefined, loading: true }));
    get(path, query).then(
      (data) => tell({ data }),
      (problem) => tell({ problem }),
    );
  }, [asked]);
  useEffect(load, [load]);
  const data = state.asked === asked ? state.data : undefined;
  return { data, problem: state.problem, loading: state.loading, reload: load };
}

/** @param {{loaded: Loaded<any>, what: string}} given */
export function Waiting({ loaded, what }) {
  if (loaded.problem) return html`<${Problem} problem=${loaded.problem} again=${loaded.reload} />`;
  return loaded.loading ? html`<p role="status" aria-busy="true">Loading ${what}…</p>` : null;
}
