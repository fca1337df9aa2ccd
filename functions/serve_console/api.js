// @ts-check
/** Calls to the API, which is where this page came from, whatever path a domain maps it under. */
import { headersOf, session, signOut } from "./session.js";

const BASE = `${location.pathname.replace(/\/console\/?$/, "")}/api/v1`;
const PATIENCE = 30_000;

/** A request that was refused, or never answered: then its status is 0. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {{request_id?: string, retry_after?: number, status?: string}} data
   */
  constructor(status, message, data = {}) {
    super(message);
    this.status = status;
    this.data = data;
  }
}

/**
 * @param {string} path
 * @param {Record<string, string | undefined>} [query]
 */
export function get(path, query = {}) {
  return send("GET", asked(path, query));
}

/**
 * A page of a file; `next` is the cursor of the one after it.
 * @param {string} path
 * @param {Record<string, string | undefined>} query
 * @param {AbortSignal} stop
 */
export async function getPage(path, query, stop) {
  const answer = await request("GET", asked(path, query), undefined, session(), stop);
  return { text: await answer.text().catch(unanswered), next: answer.headers.get("x-next-cursor") ?? undefined };
}

/**
 * @param {string} path
 * @param {Record<string, string | undefined>} query
 */
function asked(path, query) {
  const given = Object.entries(query).filter(([, value]) => value);
  const search = new URLSearchParams(/** @type {[string, string][]} */ (given));
  return given.length ? `${path}?${search}` : path;
}

/**
 * @param {string} path
 * @param {unknown} body
 */
export function post(path, body) {
  return send("POST", path, JSON.stringify(body));
}

/**
 * Whether an admin is known by them: the cheapest question that only admins are answered.
 * @param {import("./session.js").Credentials} credentials
 */
export function tryOut(credentials) {
  return send("GET", "/admin/referrals?limit=1", undefined, JSON.stringify(credentials));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string} [body]
 * @param {string | null} [used] the session that it is sent in
 * @returns {Promise<any>} what the envelope holds; Refusal
 */
async function send(method, path, body, used = session()) {
  const answer = await request(method, path, body, used);
  return (await answer.json().catch(unanswered)).data;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {string | undefined} body
 * @param {string | null} used
 * @param {AbortSignal} [stop]
 * @returns {Promise<Response>} a good one; Refusal
 */
async function request(method, path, body, used, stop) {
  const headers = { "content-type": "application/json", ...headersOf(used) };
  const patience = AbortSignal.timeout(PATIENCE);
  const signal = stop ? AbortSignal.any([stop, patience]) : patience;
  // Whoever sits here next finds nothing of it.
  const how = /** @type {RequestInit} */ ({ method, headers, body, signal, cache: "no-store" });
  const answer = await fetch(BASE + path, how).catch(unanswered);
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  // Whoever has signed in anew meanwhile stays so.
  if (answer.status === 401 && used === session()) signOut();
  throw new Refusal(answer.status, told.msg ?? told.message ?? answer.statusText, told.data ?? {});
}

/** @returns {never} */
function unanswered() {
  throw new Refusal(0, "no answer");
}
