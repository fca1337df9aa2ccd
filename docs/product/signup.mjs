// Tell the referral service of a signup: call it when an account is made, as often as you like.

/**
 * Whether somebody referred them. Throws where the service did not answer: try again later.
 *
 * @param {string} userId
 * @param {Record<string, string>} cookies
 * @param {string} [email]
 */
export async function tellSignup(userId, cookies, email) {
  const clickId = cookies.referral_click;
  if (!clickId) return false;
  const answer = await fetch(`${process.env.REFERRALS_URL}/referrals/signups`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": process.env.REFERRALS_SERVICE_KEY ?? "",
    },
    body: JSON.stringify({ user_id: userId, click_id: clickId, email }),
    signal: AbortSignal.timeout(5000),
  });
  if (answer.ok) return true;
  // 400: the click is unknown or too old; 409: another link came first.
  if (answer.status === 400 || answer.status === 409) return false;
  throw new Error(`the referral service answered ${answer.status}`);
}
