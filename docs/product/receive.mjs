// Receive the referral service's events: whatever serves your requests calls `receive`.

import { Webhook, WebhookVerificationError } from "standardwebhooks";

/**
 * The status to answer to a POST; `body` as it came, for it is what was signed.
 *
 * `known` says whether an id was handled before. `handle` keeps the id in the same transaction as
 * what it does. What it throws should become a 500: the event comes again.
 *
 * @param {string} body
 * @param {Record<string, string>} headers
 * @param {(id: string) => Promise<boolean>} known
 * @param {(id: string, event: any) => Promise<void>} handle
 */
export async function receive(body, headers, known, handle) {
  let event;
  try {
    event = new Webhook(process.env.REFERRALS_WEBHOOK_SECRET ?? "").verify(body, headers);
  } catch (problem) {
    if (problem instanceof WebhookVerificationError) return 401;
    throw problem;
  }
  const id = headers["webhook-id"];
  if (!(await known(id))) await handle(id, event);
  return 204;
}
