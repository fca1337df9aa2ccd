// @ts-check
/** A decision on one referral or many: a note, a yes or no, and one answer for each. */
import { post } from "./api.js";
import { Dialog } from "./dialog.js";
import { useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";

/** @typedef {import("./answers.d.ts").Decided} Decided */
/** @typedef {"approve" | "reject"} Verdict */
/** @typedef {{verdict: Verdict, ids: string[]}} Wanted */

const ASKED = { approve: "Approve", reject: "Reject" };
const MEANS = {
  approve: "Both sides get their credits, as far as the referrer's month has room.",
  reject: "Nobody gets credits for it, and this is final.",
};

/**
 * @param {{wanted: Wanted, done: (items: Decided[]) => void, close: () => void}} given
 */
export function Decision({ wanted, done, close }) {
  const [note, setNote] = useState("");
  // Sent again after a lost answer, the same decisions are not carried out twice.
  const sent = useRef({ note: "", key: "" });

  async function decide() {
    if (!sent.current.key || sent.current.note !== note) {
      sent.current = { note, key: crypto.randomUUID() };
    }
    const reason = note.trim() || undefined;
    const answer = await post("/admin/referrals/decisions", {
      idempotency_key: sent.current.key,
      decisions: wanted.ids.map((id) => ({ id, verdict: wanted.verdict, reason })),
    });
    done(answer.items);
  }
  const name = ASKED[wanted.verdict];
  const what = wanted.ids.length === 1 ? "this referral" : `${wanted.ids.length} referrals`;
  return html`<${Dialog} title=${`${name} ${what}?`} means=${MEANS[wanted.verdict]} name=${name} act=${decide} close=${close}>
    <label>
      Note
      <input
        name="note"
        maxlength="500"
        autocomplete="off"
        placeholder="why, for whoever reads it later"
        value=${note}
        onInput=${(/** @type {any} */ event) => setNote(event.currentTarget.value)}
      />
    </label>
  <//>`;
}

/**
 * What became of a decision, in words.
 * @param {Decided} one
 */
export function outcome(one) {
  if (one.code === 200) return one.status === "rejected" ? "rejected" : `approved: ${one.status}`;
  if (one.code === 409) return `not decided: somebody else was first, it is ${one.status} now`;
  if (one.code === 404) return "not decided: there is no such referral any more";
  return `not decided yet: ${one.msg}`;
}
