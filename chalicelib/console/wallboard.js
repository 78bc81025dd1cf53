// The supervisor's wallboard: queues and agents as they are now, what needs a look, and one engagement on request.
import { call, usePoll } from "./api.js";
import { Bar, Empty, html, Refusal, useNow, useRef, useState } from "./ui.js";
import { Supervise } from "./supervise.js";
import { flagsOf, span, t, when, word } from "./words.js";

const SHOWN = 100;
const MOST_SHOWN = 300; // the largest page
const STATUS_IDS = { ready: "3", not_ready: "2", offline: "1" };

export default function Wallboard({ me }) {
  const queues = usePoll("statistics/queues");
  const users = usePoll("statistics/users");
  const [queueId, setQueueId] = useState("");
  const [engagementId, setEngagementId] = useState(null);
  const [problem, setProblem] = useState(null);
  const rows = queues.data?.queues || [];
  const people = users.data?.users || [];

  async function force(user, value) {
    setProblem(null);
    const [status_id, sub_status_id] = value.split(":");
    try {
      await call("PATCH", `users/${encodeURIComponent(user.user_id)}/status`, { status_id, ...(sub_status_id ? { sub_status_id } : {}) });
    } catch (refused) {
      setProblem(refused);
    }
    users.refresh();
  }
  return html`<div class="page wallboard">
    <h1>${t("page.wallboard")}</h1>
    <${Refusal} problem=${problem || queues.problem || users.problem} />
    <${Figures} queues=${rows} people=${people} />
    <${Alerts} queues=${rows} />
    <div class="columns">
      <${Queues} rows=${rows} chosen=${queueId} onChoose=${setQueueId} me=${me} />
      <${Waiting} queueId=${queueId} onOpen=${setEngagementId} me=${me} />
    </div>
    <${Agents} people=${people} me=${me} onForce=${force} onOpen=${setEngagementId} />
    ${engagementId && html`<${Supervise} key=${engagementId} id=${engagementId} me=${me} onClose=${() => setEngagementId(null)} />`}
  </div>`;
}

function Figures({ queues, people }) {
  const sum = (field) => queues.reduce((total, each) => total + each[field], 0);
  const oldest = Math.max(0, ...queues.map((each) => each.oldest_wait_seconds || 0));
  const ready = people.filter((each) => each.status_id === "3").length;
  const figures = [
    ["figure.waiting", sum("waiting")],
    ["figure.oldest", oldest ? span(oldest) : "–"],
    ["figure.offers", sum("offers")],
    ["figure.in_work", sum("in_work")],
    ["figure.ready", `${ready} / ${people.length}`],
  ];
  return html`<dl class="figures">${figures.map(([key, value]) => html`<div class="figure"><dt class="muted">${t(key)}</dt><dd><strong>${value}</strong></dd></div>`)}</dl>`;
}

/** What needs a look: shown with its numbers as they are, and said once, with those of when it came up. */
function Alerts({ queues }) {
  const found = queues.flatMap(alertsOf);
  return html`<div>
    <ul class="alerts" aria-label=${t("alerts")}>${found.map(([key, text]) => html`<li key=${key} class="chip bad">! ${text}</li>`)}</ul>
    <p class="unseen" aria-live="polite">${found.map(([key, text]) => html`<${Once} key=${key} text=${text} />`)}</p>
  </div>`;
}

function Once({ text }) {
  return html`<span>${useRef(text).current} </span>`;
}

function alertsOf(queue) {
  if (!queue.waiting) return [];
  const { queue_id: id, queue_name: name, waiting: n } = queue;
  if (!queue.open) return [[`${id} closed`, t("alert.closed", { name, n })]];
  const found = [];
  if (queue.users.ready === 0) found.push([`${id} nobody`, t("alert.nobody", { name, n })]);
  if (isLate(queue)) found.push([`${id} late`, t("alert.late", { name, waited: span(queue.oldest_wait_seconds) })]);
  return found;
}

/** Whether something waits there for longer than its queue allows; what came back keeps its age, and may not. */
function isLate({ waiting, waiting_within_service_level: within }) {
  return within !== null && waiting > within;
}

function Queues({ rows, chosen, onChoose, me }) {
  return html`<section class="panel" aria-label=${t("queues")}>
    <h2>${t("queues")}</h2>
    <div class="scroll"><table>
      <thead><tr><th>${t("queue")}</th><th class="n">${t("figure.waiting")}</th><th class="n">${t("figure.oldest")}</th><th class="n">${t("figure.target")}</th><th class="n">${t("figure.offers")}</th><th class="n">${t("figure.in_work")}</th><th class="n">${t("figure.ready")}</th><th class="n">${t("figure.free")}</th></tr></thead>
      <tbody>${rows.map((each) => html`<tr key=${each.queue_id} class=${isLate(each) ? "at-risk" : ""}>
        <td><button class="link" aria-pressed=${each.queue_id === chosen} onClick=${() => onChoose(each.queue_id)}>${each.queue_name}</button> ${!each.open && html`<span class="chip warn">${t("queue.closed")}</span>`}</td>
        <td class="n">${each.waiting}</td>
        <td class="n">${each.oldest_wait_seconds === null ? "–" : span(each.oldest_wait_seconds)}${isLate(each) ? " !" : ""}</td>
        <td class="n muted">${target(each, me)}</td>
        <td class="n">${each.offers}</td><td class="n">${each.in_work}</td><td class="n">${each.users.ready}</td><td class="n"><${Free} queue=${each} /></td>
      </tr>`)}</tbody>
    </table></div>
  </section>`;
}

/** The free places of a queue's agents: for its own channel, and below for others. */
function Free({ queue }) {
  const others = Object.entries(queue.free_by_channel || {}).filter(([channel]) => channel !== queue.channel);
  return html`${queue.free}${others.map(([channel, places]) => html`<div class="muted other">${word("channel", channel)} ${places}</div>`)}`;
}

function target(queue, me) {
  const seconds = me.queues.find((each) => each.queue_id === queue.queue_id)?.service_level;
  return seconds ? `< ${span(seconds)}` : "–";
}

function Waiting({ queueId, onOpen, me }) {
  const [state, setState] = useState("open");
  const name = me.queues.find((each) => each.queue_id === queueId)?.queue_name;
  return html`<section class="panel" aria-label=${t("engagements")}>
    <header><h2>${name ? t("engagements.of", { name }) : t("engagements")}</h2>
      <select aria-label=${t("state")} value=${state} onChange=${(event) => setState(event.target.value)}>
        ${["open", "queued", "offered", "assigned", "inactive", "wrap_up", "closed"].map((each) => html`<option value=${each}>${each === "open" ? t("state.any") : word("state", each)}</option>`)}
      </select></header>
    <${Listed} key=${`${state} ${queueId}`} state=${state} queueId=${queueId} onOpen=${onOpen} />
  </section>`;
}

/** What was asked for, and nothing that was asked for before. */
function Listed({ state, queueId, onOpen }) {
  const [most, setMost] = useState(SHOWN);
  const of = queueId ? `&queue_id=${encodeURIComponent(queueId)}` : "";
  const { data, problem } = usePoll(`engagements?state=${state}&order=urgency&page_size=${most}${of}`, 3);
  const found = data?.engagements;
  const more = data?.next_page_token;
  return html`<${Refusal} problem=${problem} />
    ${found && !found.length && html`<${Empty}>${t("engagements.none")}<//>`}
    <div class="scroll"><table class="names"><tbody>${(found || []).map((each) => html`<tr key=${each.engagement_id}>
      <td><button class="link" onClick=${() => onOpen(each.engagement_id)}>${each.work_item_variables.work_item_name}</button></td>
      <td><span class="facts"><span class="chip state">${word("state", each.state)}</span>${flagsOf(each).map((flag) => html`<span class="chip bad">! ${word("flag", flag)}</span>`)}</span></td>
      <td class="n muted">${when(sinceOf(each))}</td>
    </tr>`)}</tbody></table></div>
    ${more && most < MOST_SHOWN && html`<button onClick=${() => setMost(MOST_SHOWN)}>${t("engagements.more")}</button>`}
    ${more && most === MOST_SHOWN && html`<p class="muted">${t("engagements.beyond", { n: found.length })}</p>`}`;
}

function sinceOf(engagement) {
  return engagement.queued_time || engagement.start_time;
}

function Agents({ people, me, onForce, onOpen }) {
  const now = useNow(5000);
  const [typed, setTyped] = useState("");
  const shown = people.filter((each) => `${each.user_name} ${each.user_id}`.toLowerCase().includes(typed.toLowerCase()));
  return html`<section class="panel" aria-label=${t("agents")}>
    <header><h2>${t("agents")}</h2><input type="search" class="short" aria-label=${t("search")} placeholder=${t("search")} value=${typed} onInput=${(event) => setTyped(event.target.value)} /></header>
    <div class="scroll"><table>
      <thead><tr><th>${t("agent")}</th><th>${t("status")}</th><th class="n">${t("since")}</th><th>${t("load")}</th><th>${t("work")}</th></tr></thead>
      <tbody>${shown.map((each) => html`<tr key=${each.user_id}>
        <td>${each.user_name}</td>
        <td><${Force} user=${each} me=${me} onForce=${onForce} /></td>
        <td class="n muted">${each.status_since ? span((now - Date.parse(each.status_since)) / 1000) : ""}</td>
        <td><${Load} user=${each} /></td>
        <td><span class="facts">${each.engagements.map((held) => html`<button key=${held.engagement_id} class="chip ${held.channel}" onClick=${() => onOpen(held.engagement_id)}>${queueOf(me, held)}: ${word("state", held.state)}</button>`)}</span></td>
      </tr>`)}</tbody>
    </table></div>
  </section>`;
}

function queueOf(me, held) {
  return me.queues.find((each) => each.queue_id === held.queue_id)?.queue_name || held.queue_id;
}

function Force({ user, me, onForce }) {
  const chosen = user.status_id + (user.sub_status_id ? `:${user.sub_status_id}` : "");
  const reasons = me.reasons.length ? me.reasons.map((each) => [`2:${each.sub_status_id}`, each.sub_status_name || each.sub_status_id]) : [[STATUS_IDS.not_ready, word("status", "not_ready")]];
  const options = [[STATUS_IDS.ready, word("status", "ready")], ...reasons, [STATUS_IDS.offline, word("status", "offline")]];
  if (!options.some(([value]) => value === chosen)) options.push([chosen, word("status", Object.keys(STATUS_IDS).find((each) => STATUS_IDS[each] === user.status_id))]);
  return html`<select aria-label=${t("status.of", { name: user.user_name })} value=${chosen} onChange=${(event) => onForce(user, event.target.value)}>
    ${options.map(([value, text]) => html`<option value=${value} selected=${value === chosen}>${text}</option>`)}
  </select>`;
}

function Load({ user }) {
  const loads = Object.entries(user.capacity).map(([channel, places]) => [channel, user.load?.[channel] || 0, places]);
  return html`<span class="loads">${loads.map(([channel, taken, places]) => html`<span class="load"><span>${word("channel", channel)} ${taken}/${places}</span><${Bar} value=${taken} of=${places} label=${`${word("channel", channel)} ${taken}/${places}`} tone=${taken >= places ? "full" : ""} /></span>`)}</span>`;
}
