// One engagement as a supervisor sees it: where it is and why, its history, and what he can do about it.
import { Close, Transfer } from "./actions.js";
import { call, get, usePoll } from "./api.js";
import { Dialog, Form, html, Refusal, useEffect, useState } from "./ui.js";
import { Content, Details, Heading, Notes, Timeline } from "./work.js";
import { t, when, word } from "./words.js";

const MODES = ["monitor", "whisper", "barge"];

export function Supervise({ id, me, onClose }) {
  const read = usePoll(`engagements/${id}`);
  const [problem, setProblem] = useState(null);
  const [dialog, setDialog] = useState(null);
  const work = read.data;
  async function act(method, path, body) {
    setProblem(null);
    try {
      await call(method, `engagements/${id}${path}`, body);
    } catch (refused) {
      setProblem(refused);
    }
    read.refresh();
  }
  const change = (_, action, also = {}) => act("PATCH", "", { engagement_action: action, ...also });
  return html`<${Dialog} title=${work?.work_item_variables.work_item_name || t("loading")} onClose=${onClose} wide>
    <${Refusal} problem=${problem || read.problem} />
    ${work && html`<div class="supervise">
      <div class="main">
        <${Heading} work=${work} me=${me} />
        ${me.role === "supervisor" && html`<${Actions} work=${work} me=${me} onAct=${act} onChange=${change} onMove=${() => setDialog("move")} onClose=${() => setDialog("close")} />`}
        <${Why} id=${id} work=${work} />
        <${Content} work=${work} />
        <${Notes} id=${id} version=${work.version} me=${me} canWrite=${me.role === "supervisor" && work.state !== "closed"} />
        <${Timeline} id=${id} version=${work.version} />
      </div>
      <${Details} work=${work} me=${me} />
    </div>`}
    ${dialog === "move" && html`<${Transfer} work=${work} onClose=${() => setDialog(null)} onChange=${change} />`}
    ${dialog === "close" && html`<${Close} work=${work} me=${me} onClose=${() => setDialog(null)} onChange=${change} />`}
  <//>`;
}

function Actions({ work, me, onAct, onChange, onMove, onClose }) {
  const own = work.user_id === me.user_id; // taken over: there is nobody else to take part in it with
  const mine = (work.participants || []).find((each) => each.user_id === me.user_id);
  if (work.state === "queued" || work.state === "scheduled" || work.state === "offered") return html`<${Waiting} work=${work} onAct=${onAct} />`;
  if (work.state !== "assigned" && work.state !== "inactive") return null;
  return html`<div class="actions" role="toolbar" aria-label=${t("actions")}>
    ${work.state === "assigned" && !own && MODES.map((each) => html`<button key=${each} aria-pressed=${mine?.mode === each} onClick=${() => onAct("POST", "/monitor", { mode: each })}>${t(`take.${each}`)}</button>`)}
    ${mine && html`<button key="leave" onClick=${() => onAct("POST", "/monitor", { mode: "leave" })}>${t("take.leave")}</button>`}
    ${me.is_agent && mine && work.state === "assigned" && html`<button key="take_over" onClick=${() => onAct("POST", "/monitor", { mode: "take_over" })}>${t("take.take_over")}</button>`}
    <button key="move" onClick=${onMove}>${t("reassign")}</button>
    <button key="release" onClick=${() => onChange(work, "release")}>${t("release")}</button>
    ${own && html`<button key="close" onClick=${onClose}>${t("close")}</button>`}
  </div>`;
}

function Waiting({ work, onAct }) {
  return html`<${Form} className="row" label=${t("rank")} onSend=${(form) => onAct("PATCH", "", { priority: Number(form.get("priority")) })}>
    <label>${t("rank.priority")}<input type="number" name="priority" min="0" max="999" required defaultValue=${work.priority} /></label>
  <//>`;
}

/** Why it waits, or where it is, as the engine explains it. */
function Why({ id, work }) {
  const [why, setWhy] = useState(null);
  useEffect(() => {
    let over = false;
    get(`engagements/${id}/explanation`).then((found) => over || setWhy(found), () => {});
    return () => {
      over = true;
    };
  }, [id, work.version]);
  if (!why) return null;
  const against = (why.users || []).filter((each) => each.reason);
  return html`<section class="panel" aria-label=${t("why")}>
    <h2>${why.state === "queued" ? t("why.waits") : t("why.where")}</h2>
    <p>${why.state === "queued" ? waits(why).join(" ") : whereabouts(work, why)}</p>
    ${why.next_change_time && html`<p class="muted">${t("why.widens", { at: when(why.next_change_time) })}</p>`}
    ${against.length > 0 && html`<details><summary>${t("why.agents", { n: against.length })}</summary>
      <ul>${against.map((each) => html`<li>${each.user_id}: ${word("why", each.reason)}</li>`)}</ul></details>`}
    ${why.flows?.map((each) => html`<p class="muted">${t("why.flow", { flow: each.flow })} ${each.steps.map((step) => `${step.step} → ${step.exit || "…"}`).join(", ")}</p>`)}
  </section>`;
}

/** Why it waits, a sentence each. */
function waits(why) {
  const place = t("situation.place", { n: why.ahead + 1 });
  if (why.queue) return [place, t(`situation.${why.queue}`)];
  const able = why.users.filter((each) => !each.reason).length;
  if (able) return [place, t("situation.able", { n: able, of: why.users.length })];
  if (!why.users.length) return [place, t("situation.no_agents")];
  const counted = {};
  for (const { reason } of why.users) counted[reason] = (counted[reason] || 0) + 1;
  const said = Object.entries(counted).map(([reason, n]) => `${n} × ${word("why", reason)}`);
  const nobody = t("situation.nobody", { n: why.users.length, why: said.join(", ") });
  return why.matchable ? [place, nobody] : [place, nobody, t("situation.never")];
}

/** In whose hands it is, and until when. */
function whereabouts(work, why) {
  const who = work.user_id;
  switch (why.state) {
    case "scheduled":
      return t("situation.scheduled", { at: when(work.not_before) });
    case "offered":
      return t("situation.offered", { who: why.offered_to.join(", "), at: when(why.offer_expires_at) });
    case "assigned":
      return t("situation.assigned", { who });
    case "inactive":
      return work.wake_at ? t("situation.parked_until", { who, at: when(work.wake_at) }) : t("situation.parked", { who });
    case "wrap_up":
      return t("situation.wrap_up", { who, at: when(work.wrap_up_expires_at) });
    default:
      return t("situation.ended", { how: word("end", work.end_reason) });
  }
}
