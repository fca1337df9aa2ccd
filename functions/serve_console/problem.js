// @ts-check
/** What went wrong, in words: what happened, and what to do. */
import { Refusal } from "./api.js";
import { useEffect, useState } from "./hooks.mjs";
import { html } from "./html.js";
import { STATUS } from "./words.js";

/**
 * @param {Refusal} problem
 * @returns {[string, string]} what happened, and what to do
 */
function words(problem) {
  const { status, message, data } = problem;
  switch (status) {
    case 0:
      return [
        "The service did not answer.",
        "Look at your network and try again. What you typed is still here.",
      ];
    case 401:
      return ["You are not known, or not any more.", "Sign in again. What you typed is still here."];
    case 403:
      return ["You may not do that.", "Ask for the role admin."];
    case 404:
      return ["There is no such thing.", "Check the id: it may have been mistyped."];
    case 409:
      return [
        `Somebody else was first: it is ${STATUS[data.status ?? ""] ?? data.status} now.`,
        "Look at it anew before you decide.",
      ];
    case 429:
      return [`Too much at once: ${message}.`, "It can be tried again when the time is up."];
    case 400:
      return [`That cannot be: ${message}.`, "Correct it and try again."];
    default:
      return [
        `The service failed (${status}).`,
        `Try again; if it stays so, tell your administrators: ${data.request_id ?? "no id"}.`,
      ];
  }
}

/** @param {{problem: unknown, again?: () => void}} given */
export function Problem({ problem, again }) {
  const known = problem instanceof Refusal ? problem : new Refusal(-1, String(problem));
  const left = useSecondsLeft(known);
  const [happened, todo] = words(known);
  return html`<article class="problem">
    <p role="alert"><strong>${happened}</strong> ${todo}</p>
    ${again &&
    html`<button class="outline" disabled=${left > 0} onClick=${again}>
      ${left > 0 ? `Try again in ${left} s` : "Try again"}
    </button>`}
  </article>`;
}

/**
 * Until it is worth trying again.
 * @param {Refusal} problem
 */
function useSecondsLeft(problem) {
  const [left, setLeft] = useState(problem.data.retry_after ?? 0);
  useEffect(() => {
    setLeft(problem.data.retry_after ?? 0);
    const ticking = setInterval(() => setLeft((now) => Math.max(now - 1, 0)), 1000);
    return () => clearInterval(ticking);
  }, [problem]);
  return left;
}
