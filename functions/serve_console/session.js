// @ts-check
/** What staff signed in with, as the headers that say so: for this tab, and as long as it is open. */

/** @typedef {Record<string, string>} Credentials */

const PLACE = "credentials";

/** @returns {string | null} the credentials as text, to compare */
export function session() {
  return sessionStorage.getItem(PLACE);
}

/** @param {string | null} kept @returns {Credentials} */
export function headersOf(kept) {
  return kept ? JSON.parse(kept) : {};
}

/** @param {string} typed @returns {Credentials} */
export function byKey(typed) {
  return { "x-api-key": typed.trim() };
}

/** @param {string} token @returns {Credentials} */
export function byToken(token) {
  return { authorization: `Bearer ${token}` };
}

/** @param {Credentials} credentials */
export function signIn(credentials) {
  sessionStorage.setItem(PLACE, JSON.stringify(credentials));
  dispatchEvent(new Event("session"));
}

export function signOut() {
  sessionStorage.removeItem(PLACE);
  dispatchEvent(new Event("session"));
}
