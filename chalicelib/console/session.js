// Who is signed in. The token lives in this module's memory only; the page's address never holds it.
const settings = JSON.parse(document.body.dataset.signIn);
const page = location.origin + location.pathname;
const STEP = "interleave.sign-in"; // the verifier and the place to go back to, while the issuer's page is open
const RENEW_BEFORE_SECONDS = 60;
const LONGEST_CALL_MS = 30_000; // every call waits for the token that is renewed

let tokens = null;
let renewing = null; // by one call for all: an issuer may take a refresh token only once
let ended = () => {};

export const canSignIn = Boolean(settings.client_id);
export const apiRoot = new URL(".", page).href;

export function onEnd(listener) {
  ended = listener;
}

export async function begin() {
  const verifier = random(32);
  const state = random(16);
  sessionStorage.setItem(STEP, JSON.stringify({ verifier, state, hash: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const asked = new URL(settings.authorization_url);
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: settings.client_id,
    redirect_uri: page,
    scope: settings.scope,
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  })) {
    asked.searchParams.set(name, value);
  }
  location.assign(asked);
}

/** Whether the issuer has just sent somebody back who is signed in now. Throws where it sent nobody. */
export async function finish() {
  const said = new URLSearchParams(location.search);
  if (!said.has("code") && !said.has("error")) return false;
  const step = JSON.parse(sessionStorage.getItem(STEP) || "{}");
  sessionStorage.removeItem(STEP);
  history.replaceState(null, "", page + (step.hash || ""));
  if (said.has("error") || !step.state || said.get("state") !== step.state) throw new Error("refused");
  await grant({
    grant_type: "authorization_code",
    code: said.get("code"),
    redirect_uri: page,
    code_verifier: step.verifier,
  });
  return true;
}

export async function token() {
  if (tokens && tokens.refresh && tokens.ends < Date.now()) {
    renewing ||= grant({ grant_type: "refresh_token", refresh_token: tokens.refresh }).finally(() => {
      renewing = null;
    });
    await renewing.catch((failed) => failed.refused && end()); // an issuer that does not answer has not refused
  }
  return tokens && tokens.access;
}

export function end() {
  tokens = null;
  ended();
}

async function grant(form) {
  const before = tokens;
  const answer = await fetch(settings.token_url, {
    method: "POST",
    body: new URLSearchParams({ client_id: settings.client_id, ...form }),
    credentials: "omit",
    signal: AbortSignal.timeout(LONGEST_CALL_MS),
  });
  if (!answer.ok) throw Object.assign(new Error("refused"), { refused: answer.status < 500 });
  const granted = await answer.json();
  if (tokens !== before) return; // signed out meanwhile
  tokens = {
    access: granted[settings.token],
    refresh: granted.refresh_token || (before && before.refresh),
    ends: Date.now() + 1000 * ((granted.expires_in || 3600) - RENEW_BEFORE_SECONDS),
  };
}

function random(bytes) {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
