// @ts-check
/** The review queue: what waits for a person, oldest first, decided one by one or together. */
import { get } from "./api.js";
import { Decision, outcome } from "./decision.js";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { Problem } from "./problem.js";
import { link } from "./router.js";
import { Reasons, Sides } from "./sides.js";
import { ago, Moment, ruleName } from "./words.js";

/** @typedef {import("./answers.d.ts").Referral} Referral */
/** @typedef {import("./answers.d.ts").Decided} Decided */
/** @typedef {import("./decision.js").Wanted} Wanted */

const AT_ONCE = 100;

export function Review() {
  const queue = useQueue();
  const [place, setPlace] = useState(0);
  const [chosen, setChosen] = useState(/** @type {Set<string>} */ (new Set()));
  const [wanted, setWanted] = useState(/** @type {Wanted | null} */ (null));
  const [decided, setDecided] = useState(/** @type {Record<string, Decided>} */ ({}));
  const [helping, setHelping] = useState(false);
  const [told, setTold] = useState(/** @type {Decided[]} */ ([]));
  const open = queue.items.filter((one) => !isOver(decided[one.attribution.id]));
  const current = queue.items[place]?.attribution.id;

  /** @param {number} by */
  function step(by) {
    setPlace((now) => Math.max(0, Math.min(now + by, queue.items.length - 1)));
  }
  /** @param {"approve" | "reject"} verdict */
  function ask(verdict) {
    const ids = chosen.size ? [...chosen] : current ? [current] : [];
    const possible = ids.filter((id) => !isOver(decided[id]));
    if (possible.length) setWanted({ verdict, ids: possible.slice(0, AT_ONCE) });
  }
  /** @param {string} id */
  function choose(id) {
    setChosen((now) => {
      const changed = new Set(now);
      if (!changed.delete(id)) changed.add(id);
      return changed;
    });
  }
  /** @param {Decided[]} items */
  function done(items) {
    const news = { ...decided, ...Object.fromEntries(items.map((one) => [one.id, one])) };
    setDecided(news);
    setChosen(new Set());
    setTold(items);
    setWanted(null);
    const next = queue.items.findIndex(
      (one, index) => index > place && !isOver(news[one.attribution.id]),
    );
    if (items.length === 1 && next >= 0) setPlace(next);
  }
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    a: () => ask("approve"),
    r: () => ask("reject"),
    x: () => current && choose(current),
    "?": () => setHelping(true),
  });
  return html`
    <h1>Review queue</h1>
    <div class="row">
      <p role="status">${summary(queue, open.length)}</p>
      <button class="outline" onClick=${() => setChosen(new Set(open.slice(0, AT_ONCE).map((one) => one.attribution.id)))}>
        Choose all
      </button>
      <button disabled=${!chosen.size} onClick=${() => ask("approve")}>Approve ${chosen.size}</button>
      <button disabled=${!chosen.size} class="secondary" onClick=${() => ask("reject")}>
        Reject ${chosen.size}
      </button>
      <button class="outline secondary" onClick=${() => setHelping(true)}>Keys <kbd>?</kbd></button>
    </div>
    <${Told} items=${told} />
    ${queue.items.map(
      (one, index) => html`<${Held}
        key=${one.attribution.id}
        held=${one}
        current=${index === place}
        chosen=${chosen.has(one.attribution.id)}
        decided=${decided[one.attribution.id]}
        look=${() => setPlace(index)}
        choose=${() => choose(one.attribution.id)}
        ask=${ask}
      />`,
    )}
    ${queue.problem && html`<${Problem} problem=${queue.problem} again=${queue.more} />`}
    ${queue.loading && html`<p aria-busy="true">Loading…</p>`}
    ${queue.cursor && !queue.loading && html`<button class="outline" onClick=${queue.more}>Show more</button>`}
    ${wanted && html`<${Decision} wanted=${wanted} done=${done} close=${() => setWanted(null)} />`}
    ${helping && html`<${Help} close=${() => setHelping(false)} />`}
  `;
}

/** @param {Decided | undefined} one */
function isOver(one) {
  // What failed for now may be tried again.
  return one !== undefined && one.code < 500;
}

/** @param {{items: Referral[], cursor?: string, loading: boolean}} queue @param {number} open */
function summary(queue, open) {
  if (queue.loading && !queue.items.length) return "Looking what waits…";
  if (!open && !queue.cursor) return "Nothing waits for review.";
  const oldest = queue.items[0]?.attribution.created_at;
  return `${open}${queue.cursor ? " and more" : ""} waiting, the oldest signed up ${ago(oldest)}.`;
}

/** The queue, page by page: what was shown stays where it is. */
function useQueue() {
  const [state, setState] = useState({
    items: /** @type {Referral[]} */ ([]),
    cursor: /** @type {string | undefined} */ (undefined),
    loading: true,
    problem: /** @type {unknown} */ (null),
  });
  const load = useCallback(async (/** @type {string | undefined} */ cursor) => {
    setState((was) => ({ ...was, loading: true, problem: null }));
    const query = { status: "review_required", order: "oldest", limit: "100", cursor };
    try {
      const page = await get("/admin/referrals", query);
      setState((was) => ({
        items: cursor ? [...was.items, ...page.items] : page.items,
        cursor: page.next_cursor,
        loading: false,
        problem: null,
      }));
    } catch (problem) {
      setState((was) => ({ ...was, loading: false, problem }));
    }
  }, []);
  useEffect(() => void load(undefined), []);
  return { ...state, more: () => load(state.cursor) };
}

/**
 * @param {{held: Referral, current: boolean, chosen: boolean, decided?: Decided,
 *   look: () => void, choose: () => void, ask: (verdict: "approve" | "reject") => void}} given
 */
function Held({ held, current, chosen, decided, look, choose, ask }) {
  const { attribution } = held;
  const article = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (current) article.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return html`<article
    ref=${article}
    class=${`held ${isOver(decided) ? "decided" : ""}`}
    aria-current=${current}
    onClick=${look}
  >
    <div class="row">
      <input
        type="checkbox"
        aria-label=${`Choose ${attribution.referred_user_id}`}
        checked=${chosen}
        disabled=${isOver(decided)}
        onChange=${choose}
      />
      <h2>
        <a href=${link("referrals", attribution.id)}>${attribution.referred_user_id}</a>
        ${" by "}${attribution.referrer_user_id}
      </h2>
      <span>signed up <${Moment} at=${attribution.created_at} /></span>
    </div>
    ${!current && html`<p>${attribution.risk_flags.map(ruleName).join(", ") || attribution.review_reason}</p>`}
    ${decided && html`<p role="status"><strong>${outcome(decided)}</strong></p>`}
    ${current && html`<${Closely} id=${attribution.id} key=${decided?.status ?? ""} />`}
    ${current &&
    !isOver(decided) &&
    html`<div class="row">
      <button onClick=${() => ask("approve")}>Approve…</button>
      <button class="secondary" onClick=${() => ask("reject")}>Reject…</button>
    </div>`}
  </article>`;
}

/** @param {{id: string}} given */
function Closely({ id }) {
  const loaded = /** @type {import("./loading.js").Loaded<import("./answers.d.ts").Story>} */ (
    useAnswer(`/admin/referrals/${encodeURIComponent(id)}`)
  );
  const { data: story } = loaded;
  if (!story) return html`<${Waiting} loaded=${loaded} what="both sides" />`;
  const { reviewed_by: by, reviewed_at: at, review_reason: why } = story.attribution;
  return html`
    <${Reasons} story=${story} />
    <${Sides} story=${story} />
    ${by && html`<p>Decided by ${by}, <${Moment} at=${at} />${why && html`: ${why}`}</p>`}
  `;
}

/** @param {{items: Decided[]}} given */
function Told({ items }) {
  const failed = items.filter((one) => one.code !== 200);
  if (items.length < 2 && !failed.length) return null;
  return html`<article>
    <strong role="status">
      ${items.length - failed.length} decided${failed.length ? `, ${failed.length} not:` : "."}
    </strong>
    ${failed.length > 0 &&
    html`<ul>
      ${failed.map(
        (one) => html`<li><a href=${link("referrals", one.id)}>${one.id}</a>: ${outcome(one)}</li>`,
      )}
    </ul>`}
  </article>`;
}

/**
 * Letters act while nobody types and no dialog is open.
 * @param {Record<string, () => void>} acts
 */
function useKeys(acts) {
  // A letter acts on what is there when it is typed, also before the page is drawn anew.
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const act = (/** @type {KeyboardEvent} */ event) => {
      if (document.querySelector("dialog[open]")) return;
      const target = /** @type {HTMLElement} */ (event.target);
      const typing = target.closest?.("input:not([type=checkbox]), textarea, select");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const chosen = latest.current[event.key.toLowerCase()];
      if (!chosen) return;
      event.preventDefault();
      chosen();
    };
    addEventListener("keydown", act);
    return () => removeEventListener("keydown", act);
  }, []);
}

const KEYS = [
  ["J", "the next one"],
  ["K", "the one before"],
  ["X", "choose it, to decide on several together"],
  ["A", "approve it, or all that are chosen"],
  ["R", "reject it, or all that are chosen"],
  ["Enter", "confirm"],
  ["Esc", "not now"],
];

/** @param {{close: () => void}} given */
function Help({ close }) {
  const dialog = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => dialog.current.showModal(), []);
  return html`<dialog ref=${dialog} aria-labelledby="keys" onClose=${close}>
    <article>
      <h2 id="keys">Keys</h2>
      <dl class="pairs">
        ${KEYS.map(([name, does]) => html`<dt><kbd>${name}</kbd></dt><dd>${does}</dd>`)}
      </dl>
      <button onClick=${() => dialog.current.close()}>Close</button>
    </article>
  </dialog>`;
}
