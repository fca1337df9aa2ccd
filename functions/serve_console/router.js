// @ts-check
/** Which screen the address names: `#/referrals/attr_1` or `#/referrals?status=failed`. */
import { useEffect, useState } from "./hooks.mjs";

/** @typedef {{screen: string, id: string | undefined, query: URLSearchParams}} Place */

/** @returns {Place} */
function here() {
  const [path, search] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen, id] = path.split("/");
  return { screen: screen || "overview", id: id && readable(id), query: new URLSearchParams(search) };
}

/** @param {string} text */
function readable(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @returns {Place} */
export function usePlace() {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const move = () => setPlace(here());
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  return place;
}

/**
 * @param {string} screen
 * @param {string} [id]
 * @param {Record<string, string>} [query]
 */
export function link(screen, id, query) {
  const search = query ? `?${new URLSearchParams(query)}` : "";
  return `#/${screen}${id ? `/${encodeURIComponent(id)}` : ""}${search}`;
}
