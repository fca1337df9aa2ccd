// @ts-check
/** The key that staff signed in with: for this tab, and as long as it is open. */

const PLACE = "key";

/** @returns {string | null} */
export function key() {
  return sessionStorage.getItem(PLACE);
}

/** @param {string} typed */
export function signIn(typed) {
  sessionStorage.setItem(PLACE, typed.trim());
  dispatchEvent(new Event("session"));
}

export function signOut() {
  sessionStorage.removeItem(PLACE);
  dispatchEvent(new Event("session"));
}
