// Dialogs for what an agent does with his work: park, transfer, close, wrap up.
import { get, now } from "./api.js";
import { Dialog, Empty, Form, html, Refusal, Tabs, useEffect, useNow, useState } from "./ui.js";
import { span, t } from "./words.js";

const WAKE_MINUTES = [15, 60, 240];
const EXTEND_SECONDS = 300;
const KINDS = {
  queues: { action: "transfer to queue", target: "target_queue_id", id: "queue_id", name: "queue_name" },
  users: { action: "transfer to agent", target: "target_agent_id", id: "user_id", name: "user_name" },
  flows: { action: "transfer to flow", target: "target_flow_id", id: "flow_entry_id", name: "flow_name" },
};

export function Park({ work, onClose, onChange }) {
  const [chosen, setChosen] = useState("none");
  async function send(form) {
    const at = chosen === "at" ? Date.parse(form.get("at")) : chosen === "none" ? null : now() + 60_000 * Number(chosen);
    onClose();
    await onChange(work, "deactivate", at ? { wake_at: new Date(at).toISOString() } : {});
  }
  const choice = (value, text) => html`<label class="check"><input type="radio" name="wake" checked=${chosen === value} onChange=${() => setChosen(value)} /> ${text}</label>`;
  return html`<${Dialog} title=${t("park.title")} onClose=${onClose}>
    <p>${t("park.says")}</p>
    <${Form} onSend=${send} label=${t("park")}>
      <fieldset><legend>${t("park.until")}</legend>
        ${choice("none", t("park.open"))}
        ${WAKE_MINUTES.map((each) => choice(String(each), t("park.in", { in: span(60 * each) })))}
        ${choice("at", t("park.at"))}
        ${chosen === "at" && html`<input type="datetime-local" name="at" required aria-label=${t("park.at")} />`}
      </fieldset>
    <//>
  <//>`;
}

export function Transfer({ work, onClose, onChange, only }) {
  const [kind, setKind] = useState(only || "queues");
  const [rows, setRows] = useState(null);
  const [problem, setProblem] = useState(null);
  const [typed, setTyped] = useState("");
  const { action, target, id, name } = KINDS[kind];
  useEffect(() => {
    let over = false; // what was asked of another kind may come later
    setRows(null);
    setProblem(null);
    get(`engagements/${work.engagement_id}/transfer/${kind}`).then((found) => over || setRows(found[kind]), (refused) => over || setProblem(refused));
    return () => {
      over = true;
    };
  }, [kind]);
  const found = (rows || []).filter((each) => `${each[id]} ${each[name]}`.toLowerCase().includes(typed.toLowerCase()));
  async function choose(each) {
    onClose();
    await onChange(work, action, { [target]: each[id] });
  }
  return html`<${Dialog} title=${t("transfer.title")} onClose=${onClose}>
    ${!only && html`<${Tabs} label=${t("transfer.to")} tabs=${Object.keys(KINDS).map((each) => [each, t(`transfer.${each}`)])} chosen=${kind} onChoose=${setKind} />`}
    <input type="search" autofocus aria-label=${t("search")} placeholder=${t("search")} value=${typed} onInput=${(event) => setTyped(event.target.value)} />
    <${Refusal} problem=${problem} />
    ${rows === null ? !problem && html`<${Empty}>${t("loading")}<//>` : !found.length && html`<${Empty}>${t("transfer.none")}<//>`}
    <ul class="list choices">${found.slice(0, 100).map((each) => html`<li key=${each[id]}><button type="button" class="item" onClick=${() => choose(each)}>
      <span class="name">${each[name]}</span>
      ${each.queue_description && html`<span class="facts">${each.queue_description}</span>`}
    </button></li>`)}</ul>
  <//>`;
}

export function Close({ work, me, onClose, onChange, onWrapUp }) {
  async function send(form) {
    const disposition = form.get("disposition");
    const also = disposition ? { disposition } : {};
    onClose();
    if (work.state === "wrap_up") await onWrapUp(work, also);
    else await onChange(work, "end", also);
  }
  return html`<${Dialog} title=${t("close.title")} onClose=${onClose}>
    <${Form} onSend=${send} label=${t("close")}><${Disposition} work=${work} me=${me} /><//>
  <//>`;
}

function Disposition({ work, me }) {
  const queue = me.queues.find((each) => each.queue_id === work.queue_id);
  if (!queue?.dispositions.length) return html`<label>${t("disposition")}<input name="disposition" maxlength="255" /></label>`;
  const said = queue.dispositions.find((each) => each.disposition_name === work.disposition)?.disposition_id;
  const first = work.disposition ? said : queue.default_disposition_id; // what was said stays, where nothing else is
  return html`<label>${t("disposition")}<select name="disposition" autofocus required=${queue.disposition_required && work.state === "wrap_up" && !work.disposition}>
    <option value="">–</option>
    ${queue.dispositions.map((each) => html`<option value=${each.disposition_id} selected=${each.disposition_id === first}>${each.disposition_name}</option>`)}
  </select></label>`;
}

export function WrapUp({ work, me, onWrapUp }) {
  const at = useNow(1000);
  const left = (Date.parse(work.wrap_up_expires_at) - at) / 1000;
  return html`<div class="wrap-up" aria-label=${t("wrap_up")} role="group">
    <p><strong>${t("wrap_up")}</strong> <span role="timer">${t("wrap_up.left", { in: span(left) })}</span></p>
    <${Form} onSend=${(form) => onWrapUp(work, form.get("disposition") ? { disposition: form.get("disposition") } : {})} label=${t("wrap_up.done")} className="row">
      <${Disposition} work=${work} me=${me} />
      <button type="button" onClick=${() => onWrapUp(work, { extend_seconds: EXTEND_SECONDS })}>${t("wrap_up.more", { in: span(EXTEND_SECONDS) })}</button>
    <//>
  </div>`;
}
