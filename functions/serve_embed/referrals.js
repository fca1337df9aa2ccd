// @ts-check
// Remembers which referral link a visitor came by, on a page that the service does not answer.
//
//   <script src="https://API/referrals.js" defer></script>
//   referrals.clickId()   // for the signup form; null where nobody referred
//
// data-parameter (ref), data-click-parameter (click_id), data-cookie (referral_click) and
// data-days (30, the attribution window) change what stands in brackets.

(() => {
  const script =
    /** @type {HTMLScriptElement | null} */ (document.currentScript) ??
    document.querySelector('script[src*="/referrals.js"]');
  if (!script) return;
  const { parameter = "ref", clickParameter = "click_id", cookie = "referral_click", days = "30" } =
    script.dataset;
  const pending = `${cookie}:pending`;
  const wellFormed = /^[\w-]{6,64}$/;

  const clickId = () => {
    const found = document.cookie.split("; ").find((one) => one.startsWith(`${cookie}=`));
    const value = found?.slice(cookie.length + 1) ?? "";
    return wellFormed.test(value) ? value : null;
  };

  /** @param {string} id */
  const keep = (id) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const age = Number(days) * 24 * 60 * 60;
    document.cookie = `${cookie}=${id}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
  };

  // Where storage is refused, a visit is told once or not at all.
  /** @param {object | null} visit */
  const wait = (visit) => {
    try {
      if (visit) sessionStorage.setItem(pending, JSON.stringify(visit));
      else sessionStorage.removeItem(pending);
    } catch {}
  };
  const waiting = () => {
    try {
      return JSON.parse(sessionStorage.getItem(pending) ?? "null");
    } catch {
      return null;
    }
  };

  const tell = async (/** @type {object} */ visit) => {
    wait(visit);
    try {
      const url = new URL("api/v1/referrals/click", script.src);
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...visit, click_id: clickId() ?? undefined }),
        keepalive: true,
      });
      if (answer.ok) keep((await answer.json()).data.click_id);
      // What is refused for good is not told again; what failed is, on the next page.
      if (answer.ok || answer.status === 400) wait(null);
    } catch {}
  };

  const query = new URLSearchParams(location.search);
  const told = query.get(clickParameter) ?? "";
  const code = query.get(parameter);
  if (wellFormed.test(told)) keep(told);
  else if (code) {
    /** @type {Record<string, string>} */
    const visit = { code: code.slice(0, 64), landing_path: location.pathname };
    for (const name of ["utm_campaign", "utm_medium", "utm_source"]) {
      const label = query.get(name);
      if (label) visit[name] = label;
    }
    tell(visit);
  } else if (waiting()) tell(waiting());

  Object.assign(globalThis, { referrals: { clickId } });
})();
