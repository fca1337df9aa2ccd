// @ts-check
/** Why a referral is where it is, and why somebody got their credits or did not: in sentences. */
import { moment, money, number, ruleName } from "./words.js";

/** @typedef {import("./answers.d.ts").Story} Story */
/** @typedef {import("./answers.d.ts").RewardStory} RewardStory */

/**
 * Where it stands.
 * @param {Story} story
 * @returns {string[]}
 */
export function standing(story) {
  const { attribution: one, facts } = story;
  const invoices = facts.filter((fact) => fact.kind === "invoice");
  const named = one.risk_flags.map(ruleName).join(", ");
  switch (one.status) {
    case "attributed":
      return [
        invoices.length
          ? `Stripe told of ${invoices.length} paid invoices, and none of them qualifies: it has to be of a subscription and large enough.`
          : facts.length
            ? "Stripe knows the user, and has told of no paid invoice yet."
            : "Stripe has told nothing of this user: no payment, or a customer that nobody linked to them.",
        `A first payment counts until ${moment(one.expires_at)}.`,
      ];
    case "review_required":
      return [`It is held until somebody decides, because of: ${named || "its review"}.`];
    case "qualified":
      return story.held_until
        ? [`It is paid, and the credits wait until ${moment(story.held_until)}, so that refunds come first.`]
        : ["It is paid, and not all credits could be granted yet."];
    case "rewarded":
      return ["It is paid, and both sides have their credits."];
    case "capped":
      return [
        "The referrer's month was full when it qualified: they get nothing for it, the referred user does.",
      ];
    case "expired":
      return [`No payment that qualifies was made until ${moment(one.expires_at)}.`];
    case "failed":
      return [`The credits could not be granted: ${one.error ?? "no reason was told"}. They are still tried.`];
    case "rejected":
      return [rejected(story)];
    default:
      return [];
  }
}

/** @param {Story} story */
function rejected({ attribution: one, claimed_amount, facts }) {
  const currency = facts.find((fact) => fact.kind === "invoice")?.currency;
  const amount = money(claimed_amount, currency);
  if (one.skip_reason === "refunded") return `The payment was refunded (${amount}).`;
  if (one.skip_reason === "disputed") return `The payment was disputed (${amount}).`;
  if (one.reviewed_by) {
    const note = one.review_reason ? `, noting: ${one.review_reason}` : "";
    return `${one.reviewed_by} rejected it${one.reviewed_at ? ` on ${moment(one.reviewed_at)}` : ""}${note}.`;
  }
  return "It was rejected.";
}

/**
 * What became of one side's credits.
 * @param {Story} story
 * @param {"referrer" | "referred"} role
 */
export function credits(story, role) {
  const reward = story.rewards.find((one) => one.role === role);
  if (!reward) return none(story, role);
  const amount = `${number(reward.credits)} credits`;
  if (reward.credits_granted_at) {
    const taken = reward.reversed_credits + reward.shortfall;
    const given = `${amount} were granted on ${moment(reward.credits_granted_at)}`;
    if (!taken) return `${given}.`;
    const missing = reward.shortfall
      ? `, ${number(reward.shortfall)} more could not be, for they were spent`
      : "";
    return `${given}; ${number(reward.reversed_credits)} were taken back for a refund or dispute${missing}.`;
  }
  if (story.attribution.status === "rejected") return `${amount} were to come, and do not: it was rejected.`;
  if (story.attribution.status === "review_required") return `${amount} wait for the review.`;
  if (reward.credits_grant_error) {
    const next = reward.next_attempt_at ? `; the next try is at ${moment(reward.next_attempt_at)}` : "";
    return `${amount} are owed. ${tries(reward.attempts)} failed: ${reward.credits_grant_error}${next}.`;
  }
  const next = story.held_until ?? reward.next_attempt_at;
  return `${amount} are owed${next ? ` and come at ${moment(next)}` : ""}.`;
}

/** @param {number} attempts */
function tries(attempts) {
  return attempts === 1 ? "One try" : `${attempts} tries`;
}

/** @param {Story} story @param {"referrer" | "referred"} role */
function none({ attribution: { status } }, role) {
  if (status === "capped" && role === "referrer") return "No credits: the month's limit was reached.";
  if (status === "review_required") return "No credits yet: somebody has to decide first.";
  if (status === "rejected") return "No credits: it was rejected.";
  if (status === "expired") return "No credits: nothing was paid in time.";
  return "No credits yet: nothing that qualifies was paid.";
}
