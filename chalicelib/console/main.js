// The console, put together: sign-in, the pages a role has, and which of them is open.
import { after, cancel } from "./alarms.js";
import { call, get } from "./api.js";
import { keepFocus } from "./focus.js";
import { begin, canSignIn, end, finish, onEnd } from "./session.js";
import { html, Refusal, render, useEffect, useState } from "./ui.js";
import { LANGUAGES, language, load, t } from "./words.js";

const PAGES = {
  wallboard: { module: "./wallboard.js", roles: ["supervisor", "admin"] },
  desk: { module: "./desk.js", roles: ["agent"] },
  reports: { module: "./reports.js", roles: ["agent", "supervisor", "admin"] },
  configuration: { module: "./configuration.js", roles: ["supervisor", "admin"] },
  flows: { module: "./flows.js", roles: ["supervisor", "admin"] },
  integrations: { module: "./integrations.js", roles: ["admin"] },
};

function pagesOf(me) {
  return Object.keys(PAGES).filter((name) => PAGES[name].roles.includes(me.role) || (name === "desk" && hasDesk(me)));
}

/** Whether work is offered to whoever is signed in: an agent, or a supervisor who is one too. */
function hasDesk(me) {
  return me.role === "agent" || (me.role === "supervisor" && me.is_agent);
}

/** Say that he is there, whichever page is open. */
function useHeartbeat(me) {
  const timeout = hasDesk(me) && me.heartbeat_timeout;
  useEffect(() => {
    if (!timeout) return undefined;
    let timer = 0;
    const beat = () => {
      call("POST", "users/me/heartbeat").catch(() => {}); // the next one says it again
      timer = after(400 * timeout, beat);
    };
    beat();
    return () => cancel(timer);
  }, [timeout]);
}

/** Whoever has just signed in, or null. Throws what went wrong. */
async function enter() {
  let signedIn = false;
  try {
    signedIn = await finish();
  } catch {
    throw { message: t("sign_in.refused") };
  }
  return signedIn ? get("me") : null;
}

function App() {
  const [me, setMe] = useState(undefined); // as long as nobody knows
  const [problem, setProblem] = useState(null);
  const [, redraw] = useState(0);
  useEffect(() => {
    onEnd(() => {
      setMe(null);
      setProblem({ message: t("session.ended") });
    });
    enter().catch(setProblem).then((found) => setMe(found || null));
  }, []);
  async function speak(wanted) {
    await load(wanted);
    redraw((count) => count + 1);
  }
  const languages = html`<${Languages} onChoose=${speak} />`;
  if (me) return html`<${Shell} me=${me} languages=${languages} />`;
  return html`<${Welcome} busy=${me === undefined} problem=${problem} languages=${languages} />`;
}

function Welcome({ busy, problem, languages }) {
  if (busy) return html`<main class="welcome"><h1>Interleave</h1><p role="status">${t("loading")}</p></main>`;
  return html`<main class="welcome">
    <h1>Interleave</h1>
    <p>${t("welcome")}</p>
    ${problem?.message && html`<${Refusal} problem=${problem} />`}
    ${canSignIn ? html`<button class="primary" onClick=${begin}>${t("sign_in")}</button>` : html`<p>${t("sign_in.nowhere")}</p>`}
    ${languages}
  </main>`;
}

function Languages({ onChoose }) {
  return html`<select class="languages" aria-label=${t("language")} value=${language} onChange=${(event) => onChoose(event.target.value)}>
    ${LANGUAGES.map((each) => html`<option value=${each} selected=${each === language}>${each.toUpperCase()}</option>`)}
  </select>`;
}

function usePage(pages) {
  const named = () => location.hash.replace(/^#\/?/, "").split("/")[0];
  const [page, setPage] = useState(named());
  useEffect(() => {
    const follow = () => setPage(named());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return pages.includes(page) ? page : pages[0];
}

function Shell({ me, languages }) {
  const pages = pagesOf(me);
  const page = usePage(pages);
  const [View, setView] = useState(null);
  useHeartbeat(me);
  useEffect(() => {
    let over = false;
    import(PAGES[page].module).then((module) => over || setView(() => module.default), () => over || setView(() => Lost));
    document.title = `${t(`page.${page}`)} · Interleave`;
    return () => {
      over = true;
    };
  }, [page]);
  return html`<div class="shell">
    <header class="top">
      <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>${t("skip")}</a>
      <strong class="brand">Interleave</strong>
      <nav aria-label=${t("pages")}>
        ${pages.map((each) => html`<a href="#/${each}" aria-current=${each === page ? "page" : undefined}>${t(`page.${each}`)}</a>`)}
      </nav>
      <span class="who">${me.user_name}${me.user_name.toLowerCase() !== me.role && html` <span class="muted">${t(`role.${me.role}`)}</span>`}</span>
      ${languages}
      <button class="plain" onClick=${end}>${t("sign_out")}</button>
    </header>
    <main id="main" tabindex="-1">${View && html`<${View} me=${me} />`}</main>
  </div>`;
}

/** In place of a page that is not there: after an upgrade, its file has another address. */
function Lost() {
  return html`<div class="page"><${Refusal} problem=${{ message: t("page.lost") }} /></div>`;
}

async function start() {
  const root = document.getElementById("console");
  keepFocus(root);
  await load();
  render(html`<${App} />`, root);
}

start();
