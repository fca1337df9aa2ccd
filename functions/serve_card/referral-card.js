// @ts-check
// <referral-card>: a user's link to share, and how their referrals fare.
//
//   <script type="module" src="https://API/referral-card.js"></script>
//   <referral-card token="a user's JWT"></referral-card>
//
// `token` is an attribute, or a property that may be a function which fetches one. `api` is another
// address of the service than the script's; `lang` is the page's, or the browser's. The look: CSS
// variables --referral-card-…, and parts card, heading, link, button, share, qr, figures, items.
// Whether it is dark follows the page's `color-scheme`.

import { generate } from "lean-qr";

/**
 * @typedef {"referrer" | "referred"} Role
 * @typedef {{
 *   role: Role, status: string, reason: string, reason_code: string, reward_credits?: number, pays_at?: string,
 *   created_at: string, expires_at: string, qualified_at?: string, rewarded_at?: string
 * }} Item
 * @typedef {{
 *   share_path: string, share_url?: string, monthly_referrer_reward_cap: number,
 *   reward_credits: number, referred_reward_credits: number, stats: { attributed: number },
 *   credits: { granted_left: number, granted_spent: number }, items: Item[]
 * }} Member
 * @typedef {string | (() => string | Promise<string>)} Token
 * @typedef {typeof texts.en} Texts
 */

/** Every text by language; another language is another entry. `{…}` is filled in. */
export const texts = {
  en: {
    heading: "Invite a friend",
    offer: "You get {reward} credits and they get {referred}, once they have paid for the first time.",
    link: "Your link",
    copy: "Copy",
    copied: "The link is copied.",
    notCopied: "Your browser did not allow copying. The link is selected: press Ctrl or Cmd and C.",
    share: "Share",
    mail: "E-mail",
    subject: "An invitation",
    message: "Try this, it comes with {referred} credits:",
    qr: "QR code of your link",
    came: "Friends who signed up",
    earned: "Credits earned",
    latest: "Latest referrals",
    none: "Nobody yet. Send your link to somebody who would like this.",
    friend: "A friend",
    self: "You, by a friend's link",
    loading: "Loading your link …",
    signIn: "Your session is over. Sign in again to see your link.",
    failed: "Your link could not be loaded. Check your connection, then try again.",
    retry: "Try again",
    referrer: {
      waiting_for_payment: "Signed up. Your credits come with their first payment, until {until}.",
      in_review: "Being checked. You need not do anything.",
      held: "{credits} credits come on {pays}.",
      on_its_way: "{credits} credits are on their way.",
      granted: "{credits} credits received.",
      monthly_limit: "No credits: {cap} friends were rewarded that month, which is the most.",
      not_paid_in_time: "No credits: the time for a first payment ended on {until}.",
      not_counted: "No credits for this one.",
    },
    referred: {
      waiting_for_payment: "Your credits come with your first payment, until {until}.",
      in_review: "Being checked. You need not do anything.",
      held: "{credits} credits come on {pays}.",
      on_its_way: "{credits} credits are on their way.",
      granted: "{credits} credits received.",
      not_paid_in_time: "No credits: the time for a first payment ended on {until}.",
      not_counted: "No credits for this one.",
    },
  },
  de: {
    heading: "Jemanden einladen",
    offer: "Sie bekommen {reward} Credits und Ihr Gast {referred}, sobald er zum ersten Mal bezahlt hat.",
    link: "Ihr Link",
    copy: "Kopieren",
    copied: "Der Link ist kopiert.",
    notCopied: "Der Browser erlaubt das Kopieren nicht. Der Link ist markiert: Strg oder Cmd und C.",
    share: "Teilen",
    mail: "E-Mail",
    subject: "Eine Einladung",
    message: "Probier das aus, {referred} Credits gibt es dazu:",
    qr: "QR-Code Ihres Links",
    came: "Angemeldete Gäste",
    earned: "Verdiente Credits",
    latest: "Letzte Empfehlungen",
    none: "Noch niemand. Senden Sie Ihren Link jemandem, dem das gefallen könnte.",
    friend: "Ein Gast",
    self: "Sie, über den Link eines anderen",
    loading: "Ihr Link wird geladen …",
    signIn: "Ihre Sitzung ist beendet. Melden Sie sich neu an, um Ihren Link zu sehen.",
    failed: "Ihr Link konnte nicht geladen werden. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.",
    retry: "Noch einmal",
    referrer: {
      waiting_for_payment: "Angemeldet. Ihre Credits kommen mit der ersten Zahlung, bis {until}.",
      in_review: "Wird geprüft. Sie müssen nichts tun.",
      held: "{credits} Credits kommen am {pays}.",
      on_its_way: "{credits} Credits sind unterwegs.",
      granted: "{credits} Credits erhalten.",
      monthly_limit: "Keine Credits: {cap} Gäste wurden in dem Monat belohnt, mehr geht nicht.",
      not_paid_in_time: "Keine Credits: Die Zeit für eine erste Zahlung endete am {until}.",
      not_counted: "Dafür gibt es keine Credits.",
    },
    referred: {
      waiting_for_payment: "Ihre Credits kommen mit Ihrer ersten Zahlung, bis {until}.",
      in_review: "Wird geprüft. Sie müssen nichts tun.",
      held: "{credits} Credits kommen am {pays}.",
      on_its_way: "{credits} Credits sind unterwegs.",
      granted: "{credits} Credits erhalten.",
      not_paid_in_time: "Keine Credits: Die Zeit für eine erste Zahlung endete am {until}.",
      not_counted: "Dafür gibt es keine Credits.",
    },
  },
};

const style = new CSSStyleSheet();
style.replaceSync(`
  :host {
    --back: var(--referral-card-background, #fff);
    --ink: var(--referral-card-color, #1b1d24);
    --muted: var(--referral-card-muted, #565c6b);
    --line: var(--referral-card-border, #d5d8e0);
    --accent: var(--referral-card-accent, #3346c4);
    --on-accent: var(--referral-card-on-accent, #fff);
    display: block;
    container-type: inline-size;
    font: var(--referral-card-font, 1rem/1.5 system-ui, sans-serif);
  }
  @supports (color: light-dark(#000, #fff)) {
    :host {
      --back: var(--referral-card-background, light-dark(#fff, #17191f));
      --ink: var(--referral-card-color, light-dark(#1b1d24, #eceef3));
      --muted: var(--referral-card-muted, light-dark(#565c6b, #b3b9c7));
      --line: var(--referral-card-border, light-dark(#d5d8e0, #3c414d));
      --accent: var(--referral-card-accent, light-dark(#3346c4, #a5b2ff));
      --on-accent: var(--referral-card-on-accent, light-dark(#fff, #14161b));
    }
  }
  :host([hidden]) { display: none }
  * { box-sizing: border-box; margin: 0 }
  [part~=card] {
    display: grid; gap: 1rem; padding: 1.25rem; color: var(--ink); background: var(--back);
    border: 1px solid var(--line); border-radius: var(--referral-card-radius, .75rem);
  }
  h2 { font-size: 1.25em }
  h3 { font-size: 1em }
  .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end }
  label { flex: 1 1 14rem; color: var(--muted); font-size: .875em }
  input {
    display: block; width: 100%; padding: .5rem .75rem; font: inherit; color: var(--ink);
    background: var(--back); border: 1px solid var(--muted); border-radius: .5rem;
  }
  button, [part~=share] a {
    padding: .5rem 1rem; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
    color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent);
    border-radius: .5rem;
  }
  [part~=share] a, [part~=share] button { color: var(--accent); background: var(--back) }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
  svg { width: 9rem; border-radius: .5rem; justify-self: start }
  dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem }
  dl div { display: flex; flex-direction: column-reverse }
  dt { color: var(--muted); font-size: .875em }
  dd { font-size: 1.5em; font-weight: 600 }
  ul { padding: 0; list-style: none }
  li { padding: .5rem 0; border-top: 1px solid var(--line) }
  li span, time { color: var(--muted); font-size: .875em }
  time { float: right }
  @container (min-width: 40rem) {
    [part~=card] { grid-template-columns: 1fr auto }
    [part~=card] > * { grid-column: 1 / -1 }
    [part~=card] > .narrow { grid-column: 1 }
    [part~=card] > svg { grid-area: 1 / 2 / span 4 / auto }
  }
`);

/**
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
const filled = (text, values) =>
  text.replace(/\{(\w+)\}/g, (all, name) => `${values[name] ?? all}`);

/**
 * An element with attributes and what is in it.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(string | Node)} children
 */
const made = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/**
 * The QR code of a text: dark on white whatever the colours of the page, or no camera reads it.
 *
 * @param {string} text
 * @param {string} label
 */
const qrCode = (text, label) => {
  const code = generate(text);
  const [margin, side] = [4, code.size + 8];
  let path = "";
  for (let y = 0; y < code.size; y++)
    for (let x = 0; x < code.size; x++)
      if (code.get(x, y)) path += `M${x + margin} ${y + margin}h1v1h-1z`;
  const drawn = (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const shape = { viewBox: `0 0 ${side} ${side}`, "shape-rendering": "crispEdges" };
  const whole = drawn("svg", { part: "qr", role: "img", "aria-label": label, ...shape });
  whole.append(
    drawn("rect", { width: `${side}`, height: `${side}`, fill: "#fff" }),
    drawn("path", { d: path, fill: "#000" }),
  );
  return whole;
};

class Refused extends Error {}

export class ReferralCard extends HTMLElement {
  static observedAttributes = ["token", "api", "lang"];

  /** @type {Token | null} */
  #token = null;
  #root = this.attachShadow({ mode: "open" });
  // Of two loads the later one is shown.
  #loads = 0;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [style];
  }

  get token() {
    return this.#token ?? this.getAttribute("token");
  }

  /** @param {Token | null} token */
  set token(token) {
    this.#token = token;
    this.#changed();
  }

  connectedCallback() {
    // Set before the element was known, it would hide the property.
    if (Object.hasOwn(this, "token")) {
      const { token } = this;
      Reflect.deleteProperty(this, "token");
      this.#token = token;
    }
    this.#changed();
  }

  attributeChangedCallback() {
    this.#changed();
  }

  #changed() {
    if (this.isConnected) this.load();
  }

  /** Ask the service anew. */
  async load() {
    const load = ++this.#loads;
    const show = (/** @type {Node[]} */ ...shown) => {
      if (load === this.#loads) this.#show(...shown);
    };
    if (!this.token) return show(this.#problem(this.#texts.signIn));
    show(made("p", { role: "status" }, this.#texts.loading));
    try {
      const member = await this.#asked();
      show(...this.#member(member));
    } catch (error) {
      const refused = error instanceof Refused;
      show(
        this.#problem(refused ? this.#texts.signIn : this.#texts.failed),
        this.#button(this.#texts.retry, () => this.load()),
      );
    }
  }

  /** @returns {Promise<Member>} */
  async #asked() {
    const base = new URL(this.getAttribute("api") ?? ".", this.#origin());
    const { token } = this;
    const given = typeof token === "function" ? await token() : token;
    const answer = await fetch(new URL("api/v1/referrals/me", base), {
      headers: { authorization: `Bearer ${given}` },
    });
    if (answer.status === 401 || answer.status === 403) throw new Refused();
    if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
    const member = (await answer.json()).data;
    return { ...member, share_url: member.share_url ?? `${new URL(member.share_path.slice(1), base)}` };
  }

  /** Where `api` begins: at the page, or else at this script. */
  #origin() {
    return this.hasAttribute("api") ? document.baseURI : import.meta.url;
  }

  get #language() {
    const lang = this.closest("[lang]")?.getAttribute("lang") || navigator.language;
    const [plain] = lang.split("-");
    const known = /** @type {Record<string, Texts>} */ (texts);
    // A page in plain English leaves it to the browser how its user writes a date.
    const region = navigator.languages.find((one) => one.startsWith(`${plain}-`));
    const form = lang === plain ? (region ?? lang) : lang;
    return { form, texts: known[lang] ?? known[plain] ?? texts.en };
  }

  get #texts() {
    return this.#language.texts;
  }

  /** @param {number} count */
  #number(count) {
    return new Intl.NumberFormat(this.#language.form).format(count);
  }

  /** @param {string} time */
  #day(time) {
    return new Intl.DateTimeFormat(this.#language.form, { dateStyle: "long" }).format(new Date(time));
  }

  /** @param {Node[]} shown */
  #show(...shown) {
    this.#root.replaceChildren(made("div", { part: "card" }, ...shown));
  }

  /** @param {string} text */
  #problem(text) {
    return made("p", { part: "problem", role: "alert" }, text);
  }

  /**
   * @param {string} text
   * @param {() => void} act
   */
  #button(text, act) {
    const button = made("button", { type: "button", part: "button" }, text);
    button.addEventListener("click", act);
    return button;
  }

  /** @param {Member} member */
  #member(member) {
    const words = this.#texts;
    const link = /** @type {string} */ (member.share_url);
    const credits = {
      reward: this.#number(member.reward_credits),
      referred: this.#number(member.referred_reward_credits),
    };
    const heading = made("h2", { part: "heading", class: "narrow" }, words.heading);
    return [
      heading,
      made("p", { class: "narrow" }, filled(words.offer, credits)),
      this.#link(link),
      this.#share(link, filled(words.message, credits)),
      qrCode(link, words.qr),
      this.#figures(member),
      made("h3", {}, words.latest),
      this.#items(member),
    ];
  }

  /** @param {string} link */
  #link(link) {
    const words = this.#texts;
    const input = made("input", { readonly: "", value: link });
    const told = made("p", { role: "status" });
    const copy = this.#button(words.copy, async () => {
      try {
        await navigator.clipboard.writeText(link);
        told.textContent = words.copied;
      } catch {
        input.select();
        told.textContent = words.notCopied;
      }
    });
    const row = made("div", { class: "row" }, made("label", {}, words.link, input), copy);
    return made("div", { part: "link", class: "narrow" }, row, told);
  }

  /**
   * @param {string} link
   * @param {string} message
   */
  #share(link, message) {
    const words = this.#texts;
    const row = made("div", { part: "share", class: "row narrow" });
    if ("share" in navigator) {
      const shared = { title: words.subject, text: message, url: link };
      // Who closes the sheet again has made no mistake.
      row.append(this.#button(words.share, () => navigator.share(shared).catch(() => {})));
      return row;
    }
    const [text, url] = [encodeURIComponent(message), encodeURIComponent(link)];
    const places = {
      [words.mail]: `mailto:?subject=${encodeURIComponent(words.subject)}&body=${text}%20${url}`,
      X: `https://x.com/intent/post?text=${text}&url=${url}`,
      WhatsApp: `https://wa.me/?text=${text}%20${url}`,
    };
    for (const [name, href] of Object.entries(places))
      row.append(made("a", { href, target: "_blank", rel: "noopener noreferrer" }, name));
    return row;
  }

  /** @param {Member} member */
  #figures({ stats, credits }) {
    const words = this.#texts;
    const figure = (/** @type {string} */ name, /** @type {number} */ count) =>
      made("div", {}, made("dt", {}, name), made("dd", {}, this.#number(count)));
    const earned = credits.granted_left + credits.granted_spent;
    const shown = [figure(words.came, stats.attributed), figure(words.earned, earned)];
    return made("dl", { part: "figures" }, ...shown);
  }

  /** @param {Member} member */
  #items({ items, monthly_referrer_reward_cap: cap }) {
    if (!items.length) return made("p", { part: "items" }, this.#texts.none);
    return made("ul", { part: "items" }, ...items.map((item) => this.#item(item, cap)));
  }

  /**
   * @param {Item} item
   * @param {number} cap
   */
  #item(item, cap) {
    const words = this.#texts;
    const reasons = /** @type {Record<string, string>} */ (words[item.role]);
    // Why somebody was rejected is nobody's to read here.
    const reason = item.status === "rejected" ? "not_counted" : item.reason_code;
    const why = filled(reasons[reason] ?? item.reason, {
      cap: this.#number(cap),
      credits: this.#number(item.reward_credits ?? 0),
      pays: item.pays_at ? this.#day(item.pays_at) : "",
      until: this.#day(item.expires_at),
    });
    const when = item.rewarded_at ?? item.qualified_at ?? item.created_at;
    return made(
      "li",
      {},
      made("time", { datetime: when }, this.#day(when)),
      made("span", {}, item.role === "referrer" ? words.friend : words.self),
      made("p", {}, why),
    );
  }
}

customElements.define("referral-card", ReferralCard);
