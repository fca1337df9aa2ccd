// @ts-check
/** Signing in with the company's own provider: OIDC's code flow with PKCE, in a window beside. */

/** @typedef {{issuer: string, client: string, audience: string}} Provider */

const CHANNEL = "sign-in";
const WINDOW = "popup,width=480,height=680";

/**
 * Opens the provider's window, and tells the token that the API takes. Error says what went wrong.
 * @param {Provider} provider
 * @returns {Promise<string>}
 */
export async function tokenFrom(provider) {
  // At once, as long as it is the answer to a click.
  const beside = open("", CHANNEL, WINDOW);
  if (!beside) throw new Error("your browser did not allow the window to sign in");
  const known = await discovered(provider.issuer);
  const [state, nonce, verifier] = [random(), random(), random()];
  const back = location.origin + location.pathname;
  const question = {
    response_type: "code",
    client_id: provider.client,
    redirect_uri: back,
    scope: "openid",
    state,
    nonce,
    code_challenge: await challenge(verifier),
    code_challenge_method: "S256",
    ...(provider.audience && { audience: provider.audience }),
  };
  const answer = answerTo(state);
  beside.location.href = `${known.authorization_endpoint}?${new URLSearchParams(question)}`;
  const told = await answer;
  if (!told.code) throw new Error(told.error_description ?? told.error ?? "the provider sent no code");
  const tokens = await exchanged(known.token_endpoint, {
    grant_type: "authorization_code",
    client_id: provider.client,
    redirect_uri: back,
    code: told.code,
    code_verifier: verifier,
  });
  check(tokens.id_token, provider, nonce);
  // Where the API's audience is this client itself, the token that names it is the id's.
  return provider.audience === provider.client ? tokens.id_token : tokens.access_token;
}

/**
 * In the window that the provider led back to: the answer goes to the page that asked.
 * @param {URLSearchParams} told
 */
export function passOn(told) {
  history.replaceState(null, "", location.pathname);
  new BroadcastChannel(CHANNEL).postMessage(Object.fromEntries(told));
  close();
}

/**
 * Another's answer, whose state is not ours, is no answer. Whether the window was closed cannot be
 * known: providers cut it off from who opened it.
 * @param {string} state
 * @returns {Promise<Record<string, string>>}
 */
function answerTo(state) {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise((told) => {
    channel.onmessage = ({ data }) => {
      if (data.state !== state) return;
      channel.close();
      told(data);
    };
  });
}

/** @param {string} issuer */
async function discovered(issuer) {
  const known = await json(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (known.issuer !== issuer) throw new Error("the provider names another issuer than it should");
  return known;
}

/** @param {string} endpoint @param {Record<string, string>} body */
function exchanged(endpoint, body) {
  return json(endpoint, { method: "POST", body: new URLSearchParams(body) });
}

/** @param {string} address @param {RequestInit} [how] @returns {Promise<any>} */
async function json(address, how) {
  const answer = await fetch(address, how).catch(() => undefined);
  const told = await answer?.json().catch(() => undefined);
  if (answer?.ok && told) return told;
  const silent = `${new URL(address).host} did not answer, or this page may not ask it (ConsoleTokenUrl)`;
  throw new Error(told?.error_description ?? told?.error ?? silent);
}

/**
 * It came from the provider itself, over TLS: what is in it is looked at, its signature need not be.
 * @param {string | undefined} token
 * @param {Provider} provider
 * @param {string} nonce
 */
function check(token, provider, nonce) {
  const [, claims] = (token ?? "").split(".");
  const said = claims ? JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) : {};
  const meant = [said.aud].flat().includes(provider.client);
  if (said.iss !== provider.issuer || said.nonce !== nonce || !meant) {
    throw new Error("the provider's answer is not the one to our question");
  }
}

function random() {
  return url64(crypto.getRandomValues(new Uint8Array(32)));
}

/** @param {string} verifier */
async function challenge(verifier) {
  return url64(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** @param {Uint8Array} bytes */
function url64(bytes) {
  const plain = btoa(String.fromCharCode(...bytes));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
