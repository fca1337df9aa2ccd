// @ts-check
/** How things are called before staff. */
import { html } from "./html.js";

/** @type {Record<string, string>} */
export const STATUS = {
  attributed: "waiting for a payment",
  review_required: "waiting for review",
  qualified: "qualified, not granted yet",
  rewarded: "rewarded",
  capped: "capped",
  expired: "expired",
  rejected: "rejected",
  failed: "failed",
};

/** @type {Record<string, string>} */
export const RULE = {
  same_stripe_customer: "same Stripe customer",
  same_card: "same card",
  same_ip: "same address on the internet",
  same_email: "same e-mail address",
  disposable_email: "throw-away e-mail address",
  signup_velocity: "many signups of one referrer in a day",
  early_fraud_warning: "early fraud warning of the card's issuer",
  partially_refunded: "refunded in part",
  partially_disputed: "disputed in part",
};

/** @param {string} name */
export function ruleName(name) {
  return RULE[name] ?? name.replaceAll("_", " ");
}

/** @param {string} at RFC 3339 */
export function moment(at) {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** @param {{at?: string}} given */
export function Moment({ at }) {
  return at ? html`<time datetime=${at} title=${ago(at)}>${moment(at)}</time>` : "";
}

/** @param {string} at */
export function ago(at) {
  const minutes = Math.round((Date.now() - Date.parse(at)) / 60_000);
  const [number, unit] =
    Math.abs(minutes) < 120
      ? [minutes, "min"]
      : Math.abs(minutes) < 48 * 60
        ? [Math.round(minutes / 60), "h"]
        : [Math.round(minutes / 60 / 24), "days"];
  return number < 0 ? `in ${-number} ${unit}` : `${number} ${unit} ago`;
}

/** @param {number} value */
export function number(value) {
  return value.toLocaleString("en-GB");
}

/** @param {number} rate */
export function percent(rate) {
  return `${(rate * 100).toFixed(1)} %`;
}

/**
 * A day or an hour of a series.
 * @param {string} start RFC 3339
 * @param {"day" | "hour"} grain
 */
export function stepName(start, grain) {
  return grain === "day" ? start.slice(0, 10) : `${start.slice(0, 10)} ${start.slice(11, 16)}`;
}

/**
 * Minor units in the currency's own, which need not be a hundredth.
 * @param {number | undefined} minor
 * @param {string} [currency]
 */
export function money(minor, currency) {
  if (minor === undefined) return "";
  if (!currency) return `${number(minor)} minor units`;
  try {
    const style = new Intl.NumberFormat("en-GB", { style: "currency", currency });
    return style.format(minor / 10 ** (style.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${number(minor)} ${currency}`;
  }
}

/** @param {{status: string}} given */
export function Status({ status }) {
  return html`<span class=${`status ${status}`}>${STATUS[status] ?? status}</span>`;
}
