// The stack's API as the console calls it, and polling that costs little: ETag, 304, and the server's Retry-After.
import { useEffect, useRef, useState } from "./vendor-hooks.js";
import { after, cancel } from "./alarms.js";
import { apiRoot, end, token } from "./session.js";

const AFTER_A_FAILURE_MS = 5000;
const SHORTEST_PAUSE_MS = 500;
const LONGEST_CALL_MS = 30_000;
let skew = 0; // by how much the server's clock is ahead of this one (ms)

/** The time as the server has it (epoch ms). */
export function now() {
  return Date.now() + skew;
}

/** A refusal, as the API's problem documents say it. */
class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.message || `HTTP ${status}`);
    this.status = status;
    this.fields = (body?.errors || []).map((each) => `${each.pointer || each.field || ""} ${each.message}`);
    this.remedy = body?.remedy;
  }
}

/** One call; `path` is below /v2/contact_center/. Throws `Problem`. */
export async function call(method, path, body, headers = {}) {
  const sent = { Authorization: `Bearer ${await token()}`, ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(`${apiRoot}v2/contact_center/${path}`, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(LONGEST_CALL_MS),
    });
    text = answer.status === 304 || answer.status === 204 ? "" : await answer.text();
  } catch {
    throw new Problem(0, null);
  }
  const date = Date.parse(answer.headers.get("Date"));
  if (date && Math.abs(date - now()) > 2000) skew = date - Date.now();
  const said = text && (/json/.test(answer.headers.get("Content-Type")) ? JSON.parse(text) : text);
  if (answer.status === 401) end();
  if (answer.status >= 400) throw new Problem(answer.status, said);
  return { status: answer.status, headers: answer.headers, body: said };
}

export const get = async (path) => (await call("GET", path)).body;

/** What is at a path, kept fresh: asked for every so many seconds, however long an answer takes. Nothing older
    overwrites newer, in whatever order answers come. */
export function usePoll(path, seconds = 2) {
  const [state, setState] = useState({ data: null, problem: null });
  const running = useRef({});
  useEffect(() => {
    let over = false;
    let tag = null;
    let timer = 0;
    let sent = 0;
    let taken = 0;
    async function tick() {
      cancel(timer);
      const mine = ++sent;
      const asked = performance.now();
      let wait = 1000 * seconds;
      try {
        const answer = await call("GET", path, undefined, tag ? { "If-None-Match": tag } : {});
        if (over || mine < taken) return;
        taken = mine;
        tag = answer.headers.get("ETag");
        wait = 1000 * (Number(answer.headers.get("Retry-After")) || seconds) - (performance.now() - asked);
        setState((before) => {
          if (answer.status === 304) return before.problem ? { ...before, problem: null } : before;
          return { data: answer.body, problem: null };
        });
      } catch (problem) {
        if (over || mine < taken) return;
        setState((before) => ({ ...before, problem: Object.assign(problem, { asksAgain: true }) }));
        if (problem.status === 401) return;
        wait = AFTER_A_FAILURE_MS;
      }
      if (mine === sent) timer = after(Math.max(SHORTEST_PAUSE_MS, wait), tick);
    }
    running.current = {
      refresh: tick,
      put(answer) {
        taken = ++sent; // what was asked before is older
        tag = answer.headers.get("ETag");
        cancel(timer);
        timer = after(1000 * seconds, tick);
        setState({ data: answer.body, problem: null });
      },
    };
    if (path) tick();
    return () => {
      over = true;
      cancel(timer);
    };
  }, [path]);
  return { ...state, refresh: () => running.current.refresh(), put: (answer) => running.current.put(answer) };
}
