// @ts-check
/** A span of time: whole days of UTC, and the span of the same length before it. */

/** @typedef {{from: Date, to: Date}} Span */
/** @typedef {"day" | "hour"} Grain */

export const DAY = 24 * 60 * 60 * 1000;
const USUAL_DAYS = 30;
/** How many of each the service tells at once: a year of days, a month of hours. */
const MOST = { day: 366, hour: 744 };
const LENGTHS = { day: DAY, hour: DAY / 24 };

/**
 * The days that were chosen, the last of which is in it; the last thirty where none were.
 * @param {string} from
 * @param {string} to
 * @returns {Span}
 */
export function chosen(from, to) {
  const today = Math.floor(Date.now() / DAY) * DAY;
  const last = midnight(to) ?? today;
  const first = midnight(from) ?? last - (USUAL_DAYS - 1) * DAY;
  return { from: new Date(first), to: new Date(last + DAY) };
}

/** @param {string} day */
function midnight(day) {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** @param {Span} span @returns {Span} */
export function before(span) {
  return { from: new Date(+span.from - (+span.to - +span.from)), to: span.from };
}

/** @param {Span} span */
export function bounds(span) {
  return { from: span.from.toISOString(), to: span.to.toISOString() };
}

/** @param {Span} span @returns {[string, string]} the first day and the last */
export function days(span) {
  return [dayOf(span.from), dayOf(new Date(+span.to - DAY))];
}

/** @param {Date} at */
function dayOf(at) {
  return at.toISOString().slice(0, 10);
}

/**
 * What was asked for, or hours where there are few.
 * @param {Span} span
 * @param {string | null} asked
 * @returns {Grain}
 */
export function grainOf(span, asked) {
  if (asked === "hour" || asked === "day") return asked;
  return +span.to - +span.from <= 2 * DAY ? "hour" : "day";
}

/**
 * What is to be chosen where the span has more steps than are told at once.
 * @param {Span} span
 * @param {Grain} grain
 */
export function tooLong(span, grain) {
  const end = Math.min(+span.to, Math.floor(Date.now() / DAY + 1) * DAY);
  if (end - +span.from <= MOST[grain] * LENGTHS[grain]) return undefined;
  return `At most ${MOST[grain]} ${grain}s are drawn: choose a shorter span${grain === "hour" ? ", or days" : ""}.`;
}
