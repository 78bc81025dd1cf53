// One engagement in the middle, all that is known of it on the right, and what an agent can do with it.
import { call, get } from "./api.js";
import { Close, Park, Transfer, WrapUp } from "./actions.js";
import { Due, queueName } from "./desk.js";
import { hostOf } from "./offer.js";
import { Empty, Form, html, Refusal, useEffect, useNow, useState } from "./ui.js";
import { flagsOf, t, when, word } from "./words.js";

const NOTES_MS = 2000;

export function Work({ id, live, me, asking, onAsk, onChange, onWrapUp }) {
  const [read, setRead] = useState(null);
  const [problem, setProblem] = useState(null);
  const version = live?.version;
  useEffect(() => {
    get(`engagements/${id}`).then(setRead, (refused) => {
      setRead(null);
      setProblem(refused.status === 404 ? { message: t("desk.gone") } : refused);
    });
  }, [id, version, Boolean(live)]);
  const work = live || read;
  if (!work) return html`<section class="work"><${Refusal} problem=${problem} />${!problem && html`<${Empty}>${t("loading")}<//>`}</section>`;
  const mine = (what) => asking?.what === what && asking.work.engagement_id === id;
  const about = live || asking?.work; // it may be gone while a dialog asks: what is sent then is refused in words
  const done = () => onAsk(null);
  return html`<section class="work" aria-label=${work.work_item_variables.work_item_name}>
      <${Heading} work=${work} me=${me} />
      ${live && html`<${Actions} work=${live} me=${me} onAsk=${onAsk} onChange=${onChange} />`}
      ${live?.state === "wrap_up" && html`<${WrapUp} work=${live} me=${me} onWrapUp=${onWrapUp} />`}
      <${Content} work=${work} />
      <${Notes} id=${id} version=${work.version} me=${me} canWrite=${Boolean(live)} shared=${work.participants?.length > 0} />
      <${Timeline} id=${id} version=${work.version} />
      ${mine("park") && html`<${Park} work=${about} onClose=${done} onChange=${onChange} />`}
      ${mine("transfer") && html`<${Transfer} work=${about} onClose=${done} onChange=${onChange} />`}
      ${mine("close") && html`<${Close} work=${about} me=${me} onClose=${done} onChange=${onChange} onWrapUp=${onWrapUp} />`}
    </section>
    <${Details} work=${work} me=${me} />`;
}

export function Heading({ work, me }) {
  const now = useNow(10_000);
  return html`<header class="heading">
    <p class="facts">
      <span class="chip ${work.channel}">${word("channel", work.channel)}</span>
      <span class="chip state">${word("state", work.state)}</span>
      <span>${queueName(me, work.queue_id)}</span>
      <${Due} text=${work.work_item_variables.work_item_due_date} now=${now} />
      ${flagsOf(work).map((each) => html`<span class="chip bad">! ${word("flag", each)}</span>`)}
      ${(work.participants || []).map((each) => html`<span class="chip warn">${t("taking_part", { who: each.user_id, mode: word("mode", each.mode) })}</span>`)}
    </p>
    <h2>${work.work_item_variables.work_item_name}</h2>
  </header>`;
}

function Actions({ work, onAsk, onChange }) {
  const ask = (what) => () => onAsk({ what, work });
  if (work.state === "wrap_up") return null;
  return html`<div class="actions" role="toolbar" aria-label=${t("actions")}>
    ${work.state === "inactive"
      ? html`<button key="in hand" class="primary" onClick=${() => onChange(work, "activate")}>${t("activate")} <kbd>U</kbd></button>`
      : html`<button key="in hand" onClick=${ask("park")}>${t("park")} <kbd>P</kbd></button>`}
    <button key="transfer" onClick=${ask("transfer")}>${t("transfer")} <kbd>T</kbd></button>
    <button key="release" onClick=${() => onChange(work, "release")}>${t("release")}</button>
    <button key="close" onClick=${ask("close")}>${t("close")} <kbd>C</kbd></button>
  </div>`;
}

export function Content({ work }) {
  const { work_item_desc: text, work_item_hyperlink: link, work_item_transcript_url: transcript } = work.work_item_variables;
  const page = work.launch_url || link;
  return html`<div class="content">
    ${page && html`<p><a class="launch button" href=${page} target="_blank" rel="noopener noreferrer">${t("open_in", { host: hostOf(page) })} <span aria-hidden="true">↗</span><kbd>O</kbd></a>
      ${transcript && html` <a href=${transcript} target="_blank" rel="noopener noreferrer">${t("transcript", { host: hostOf(transcript) })}</a>`}</p>`}
    ${text ? html`<p class="description">${text}</p>` : html`<${Empty}>${t("no_description")}<//>`}
  </div>`;
}

export function Details({ work, me }) {
  const item = work.work_item_variables;
  const rows = [
    ["field.id", item.work_item_id],
    ["field.type", item.work_item_type],
    ["field.origin", item.work_item_origin],
    ["priority", item.work_item_priority],
    ["field.due", when(item.work_item_due_date)],
    ["field.skills", work.skills?.map((each) => `${each.skill} ${each.level}`).join(", ")],
    ["field.started", when(work.start_time)],
    ["field.queued", when(work.queued_time)],
    ["field.assigned", when(work.assigned_time)],
    ["field.agent", work.user_id],
    ["field.flow", work.flows[0] && `${work.flows[0].flow_name}, ${work.flows[0].flow_version}`],
    ["field.connect", work.connect_to],
    ["field.disposition", work.disposition],
    ["field.end", work.end_reason && word("end", work.end_reason)],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  return html`<aside class="details" aria-label=${t("details")}>
    <h2>${t("details")}</h2>
    <dl>${rows.map(([key, value]) => html`<div><dt>${t(key)}</dt><dd>${value}</dd></div>`)}</dl>
    ${work.consumers.map((each) => html`<h2>${t("consumer")}</h2><dl>
      ${["consumer_display_name", "consumer_email", "consumer_number", "consumer_external_id"].filter((key) => each[key]).map((key) => html`<div><dt>${t(key)}</dt><dd>${each[key]}</dd></div>`)}
    </dl>`)}
    ${work.variables.length > 0 && html`<h2>${t("variables")}</h2><dl>
      ${work.variables.map((each) => html`<div><dt>${each.name.replace("global_custom.", "")}</dt><dd>${each.value}</dd></div>`)}
    </dl>`}
  </aside>`;
}

/** The notes; where others take part, what they add appears by itself. */
export function Notes({ id, me, canWrite, version, shared }) {
  const [notes, setNotes] = useState([]);
  const fresh = () => get(`engagements/${id}/notes`).then((found) => setNotes(found.notes), () => {});
  useEffect(() => {
    fresh();
  }, [id, version]);
  useEffect(() => {
    if (!shared) return undefined;
    const timer = setInterval(fresh, NOTES_MS);
    return () => clearInterval(timer);
  }, [id, shared]);
  async function send(form, event) {
    await call("POST", `engagements/${id}/notes`, { note: form.get("note") });
    event.target.reset();
    await fresh();
  }
  return html`<section class="notes" aria-label=${t("notes")}>
    <h2>${t("notes")}</h2>
    ${notes.length === 0 && html`<${Empty}>${t("notes.none")}<//>`}
    <ul>${notes.map((each) => html`<li><p>${each.note}</p><p class="muted">${each.user_id === me.user_id ? t("you") : each.user_id}${each.kind !== "note" ? `, ${word("mode", each.kind)}` : ""} · ${when(each.last_modified_time)}</p></li>`)}</ul>
    ${canWrite && html`<${Form} onSend=${send} label=${t("notes.add")} className="row"><textarea name="note" required maxlength="4096" rows="2" aria-label=${t("notes.text")}></textarea><//>`}
  </section>`;
}

export function Timeline({ id, version }) {
  const [events, setEvents] = useState([]);
  useEffect(() => {
    get(`engagements/${id}/events`).then((found) => setEvents(found.events), () => {});
  }, [id, version]);
  return html`<section class="timeline" aria-label=${t("timeline")}>
    <h2>${t("timeline")}</h2>
    <ol>${[...events].reverse().map((each) => html`<li key=${each.version}>
      <time datetime=${each.start_time}>${when(each.start_time)}</time>
      <span><strong>${word("event", each.event_name)}</strong> <span class="muted">${who(each)}</span></span>
    </li>`)}</ol>
  </section>`;
}

function who(event) {
  const [role, id] = (event.actor || "").split(":");
  const by = id || word("role", role);
  return [event.user_id && event.user_id !== id ? t("timeline.to", { who: event.user_id }) : "", by && t("timeline.by", { who: by })].filter(Boolean).join(" ");
}
