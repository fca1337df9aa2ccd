// @ts-check
/** Both sides of a referral next to each other, and what they share. */
import { html } from "./html.js";
import { link } from "./router.js";
import { ruleName } from "./words.js";

/** @typedef {import("./answers.d.ts").Story} Story */
/** @typedef {import("./answers.d.ts").Finding} Finding */

/** @type {Record<string, string>} */
const KNOWN = {
  same_stripe_customer: "Stripe customers",
  same_card: "Cards",
  same_ip: "Addresses on the internet",
  same_email: "E-mail addresses",
};

/** @param {{story: Story}} given */
export function Sides({ story }) {
  const { attribution, findings } = story;
  const compared = findings.filter((one) => one.rule in KNOWN);
  return html`<div class="scrolls">
    <table>
      <thead>
        <tr>
          <td></td>
          <th scope="col">Referrer</th>
          <th scope="col">Referred user</th>
          <th scope="col">The same</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">User</th>
          <td><${User} id=${attribution.referrer_user_id} /></td>
          <td><${User} id=${attribution.referred_user_id} /></td>
          <td></td>
        </tr>
        ${compared.map(
          (one) => html`<tr>
            <th scope="row">${KNOWN[one.rule]}</th>
            <td>${one.referrer}</td>
            <td>${one.referred}</td>
            <td>${one.shared ? html`<strong>${one.shared}</strong>` : "none"}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** @param {{id: string}} given */
export function User({ id }) {
  return html`<a class="id" href=${link("referrals", undefined, { user_id: id })}>${id}</a>`;
}

/**
 * Why it was held, and what each rule saw, in a sentence.
 * @param {Finding} one
 */
export function seen(one) {
  if (one.rule === "signup_velocity") {
    const limit = one.limit ?? 0;
    const many = (one.signups ?? 0) > limit ? `more than ${limit}` : String(one.signups);
    return `${many} signups of the referrer in the 24 hours up to this one; ${limit} are let pass`;
  }
  if (one.rule === "disposable_email") {
    return one.holds ? "the address is at a provider of throw-away ones" : "no throw-away address";
  }
  return `${one.referrer} known of the referrer, ${one.referred} of the referred user, ${one.shared} the same`;
}

/** @param {{story: Story}} given */
export function Reasons({ story }) {
  const flags = story.attribution.risk_flags;
  if (!flags.length) return html`<p>No risk rule has flagged it.</p>`;
  const found = (/** @type {string} */ flag) => story.findings.find((one) => one.rule === flag);
  return html`<ul>
    ${flags.map((flag) => {
      const finding = found(flag);
      return html`<li>
        <strong>${ruleName(flag)}</strong>${finding && html`: ${seen(finding)}`}
      </li>`;
    })}
  </ul>`;
}
