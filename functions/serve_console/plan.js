// @ts-check
/** Another plan for an account, or overage switched. */
import { post } from "./api.js";
import { Dialog } from "./dialog.js";
import { useState } from "./hooks.mjs";
import { html } from "./html.js";

const PLANS = ["free", "starter", "growth", "pro", "business", "enterprise"];
/** On the others it is never there, or always. */
const MAY_CHOOSE = ["starter", "growth"];

/** @param {{id: string, plan: string, overage: boolean, done: () => void, close: () => void}} given */
export function PlanChange({ id, plan, overage, done, close }) {
  const [wanted, setWanted] = useState(plan);
  const [beyond, setBeyond] = useState(overage && MAY_CHOOSE.includes(plan));

  async function change() {
    const body = { plan: wanted, overage: beyond && MAY_CHOOSE.includes(wanted) };
    await post(`/admin/accounts/${encodeURIComponent(id)}/plan`, body);
    done();
  }
  return html`<${Dialog}
    title=${`The plan of ${id}`}
    means="It holds at once. What was used this month counts against it."
    name="Change"
    act=${change}
    close=${close}
  >
    <label>
      Plan
      <select onInput=${(/** @type {any} */ event) => setWanted(event.currentTarget.value)}>
        ${PLANS.map((name) => html`<option selected=${name === wanted}>${name}</option>`)}
      </select>
    </label>
    <label hidden=${!MAY_CHOOSE.includes(wanted)}>
      <input
        type="checkbox"
        checked=${beyond}
        onChange=${(/** @type {any} */ event) => setBeyond(event.currentTarget.checked)}
      />
      Overage: more than is included may be used, and is billed
    </label>
  <//>`;
}
