// @ts-check
/** The list of referrals, by every filter of the API; the address keeps its place. */
import { Export } from "./export.js";
import { html } from "./html.js";
import { useAnswer, Waiting } from "./loading.js";
import { link } from "./router.js";
import { User } from "./sides.js";
import { Moment, Status, STATUS } from "./words.js";

/** @typedef {import("./answers.d.ts").ReferralPage} ReferralPage */

const FILTERS = ["q", "user_id", "status", "campaign", "pending_grant", "order", "cursor"];

/** @param {{query: URLSearchParams}} given */
export function Referrals({ query }) {
  const chosen = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? undefined]));
  const loaded = /** @type {import("./loading.js").Loaded<ReferralPage>} */ (
    useAnswer("/admin/referrals", { ...chosen, limit: "50" })
  );
  const page = loaded.data;
  return html`
    <h1>Referrals</h1>
    ${chosen.user_id &&
    html`<p><a href=${link("accounts", chosen.user_id)}>Account of ${chosen.user_id}</a></p>`}
    <${Filters} key=${query.toString()} chosen=${chosen} />
    <${Waiting} loaded=${loaded} what="referrals" />
    ${page && !page.items.length && html`<p>None that fits.</p>`}
    ${page && page.items.length > 0 && html`<${Rows} page=${page} />`}
    <div class="row">
      ${page && page.items.length > 0 &&
      html`<${Export} key=${query.toString()} filters=${{ ...chosen, order: undefined, cursor: undefined }} />`}
      ${chosen.cursor && html`<a href=${link("referrals", undefined, given({ ...chosen, cursor: undefined }))}>First page</a>`}
      ${page?.next_cursor &&
      html`<a href=${link("referrals", undefined, given({ ...chosen, cursor: page.next_cursor }))}>Next page</a>`}
    </div>
  `;
}

/**
 * @param {Record<string, string | undefined>} values
 * @returns {Record<string, string>}
 */
function given(values) {
  const known = Object.entries(values).filter(([, value]) => value);
  return Object.fromEntries(/** @type {[string, string][]} */ (known));
}

/** @param {{chosen: Record<string, string | undefined>}} given */
function Filters({ chosen }) {
  /** @param {any} event */
  function show(event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]));
    location.hash = link("referrals", undefined, given(wanted));
  }
  return html`<form class="choice" onSubmit=${show}>
    <label>
      Search
      <input name="q" placeholder="any id, whole" autocomplete="off" value=${chosen.q ?? ""} />
    </label>
    <label>User id, either side<input name="user_id" value=${chosen.user_id ?? ""} /></label>
    <label>Campaign<input name="campaign" value=${chosen.campaign ?? ""} /></label>
    <label>
      Status
      <select name="status">
        <option value="">any</option>
        ${Object.entries(STATUS).map(
          ([value, name]) => html`<option value=${value} selected=${chosen.status === value}>${name}</option>`,
        )}
      </select>
    </label>
    <label>
      Credits
      <select name="pending_grant">
        <option value="">owed or not</option>
        <option value="true" selected=${chosen.pending_grant === "true"}>owed</option>
        <option value="false" selected=${chosen.pending_grant === "false"}>not owed</option>
      </select>
    </label>
    <label>
      Order
      <select name="order">
        <option value="">newest first</option>
        <option value="oldest" selected=${chosen.order === "oldest"}>oldest first</option>
      </select>
    </label>
    <button type="submit">Show</button>
  </form>`;
}

/** @param {{page: ReferralPage}} given */
function Rows({ page }) {
  return html`<div class="scrolls" tabindex="0" role="region" aria-label="Referrals">
    <table>
      <thead>
        <tr>
          ${["Signed up", "Status", "Referrer", "Referred user", "Campaign", "Referral"].map(
            (head) => html`<th scope="col">${head}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${page.items.map(
          ({ attribution: one }) => html`<tr key=${one.id}>
            <td><${Moment} at=${one.created_at} /></td>
            <td><${Status} status=${one.status} /></td>
            <td><${User} id=${one.referrer_user_id} /></td>
            <td><${User} id=${one.referred_user_id} /></td>
            <td>${one.utm_campaign}</td>
            <td><a class="id" href=${link("referrals", one.id)}>${one.id}</a></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
