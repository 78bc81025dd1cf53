// The agent's status, his places, and why nothing comes.
import { call, get } from "./api.js";
import { Bar, Dialog, html, Refusal, useEffect, useNow, useState } from "./ui.js";
import { span, t, word } from "./words.js";

const NAMES = { 1: "offline", 2: "not_ready", 3: "ready" };

export function Status({ me, status, onChange }) {
  const now = useNow(5000);
  const [problem, setProblem] = useState(null);
  async function choose(event) {
    const [status_id, sub_status_id] = event.target.value.split(":");
    setProblem(null);
    try {
      await call("PATCH", "users/me/status", { status_id, ...(sub_status_id ? { sub_status_id } : {}) });
    } catch (refused) {
      setProblem(refused);
    }
    onChange();
  }
  if (!status) return html`<p class="status" aria-busy="true">${t("loading")}</p>`;
  const chosen = status.status_id + (status.sub_status_id ? `:${status.sub_status_id}` : "");
  const choices = options(me);
  if (!choices.some(([value]) => value === chosen)) choices.push([chosen, word("status", NAMES[status.status_id])]);
  return html`<div class="status ${NAMES[status.status_id]}">
    <span class="dot" aria-hidden="true"></span>
    <select aria-label=${t("status")} value=${chosen} onChange=${choose}>
      ${choices.map(([value, text]) => html`<option value=${value} selected=${value === chosen}>${text}</option>`)}
    </select>
    ${status.status_since && html`<span class="since muted">${span((now - Date.parse(status.status_since)) / 1000)}</span>`}
    <${Capacity} capacity=${me.capacity} load=${status.load || {}} />
    <${Refusal} problem=${problem} />
  </div>`;
}

function options(me) {
  const plain = me.reasons.length === 0;
  return [
    ["3", word("status", "ready")],
    ...(plain ? [["2", word("status", "not_ready")]] : []),
    ...me.reasons.map((each) => [`2:${each.sub_status_id}`, `${word("status", "not_ready")}: ${each.sub_status_name || each.sub_status_id}`]),
    ["1", word("status", "offline")],
  ];
}

/** "1 of 3 work items, voice free" */
function Capacity({ capacity, load }) {
  return html`<ul class="capacity">
    ${Object.entries(capacity).map(([channel, places]) => {
      const taken = load[channel] || 0;
      const text = taken ? t("capacity.some", { taken, places, channel: word("channel", channel) }) : t("capacity.free", { places, channel: word("channel", channel) });
      return html`<li><span>${text}</span><${Bar} value=${taken} of=${places} label=${text} tone=${taken >= places ? "full" : ""} /></li>`;
    })}
  </ul>`;
}

/** Why nothing comes, in words, for whoever asks. */
export function Nothing({ me, status, offers }) {
  const [asked, setAsked] = useState(0);
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    if (!asked) return;
    setProblem(null);
    get("users/me/explanation").then(setFound, setProblem);
  }, [asked, status?.status_id]);
  if (offers.length) return null;
  const said = found ? reasons(found, status, me) : asked && !problem ? [t("loading")] : [];
  return html`<div class="nothing">
    <button class="plain" onClick=${() => setAsked(asked + 1)}>${t("nothing.why")}</button>
    <div role="status">${said.map((each) => html`<p>${each}</p>`)}</div>
    <${Refusal} problem=${problem} />
  </div>`;
}

function reasons(found, status, me) {
  const lines = [];
  if (status && status.status_id !== "3") lines.push(t("nothing.not_ready", { status: word("status", NAMES[status.status_id]) }));
  if (!me.queues.some((each) => each.serves)) lines.push(t("nothing.no_queue"));
  if (!found.engagements.length) return [...lines, t("nothing.empty")];
  if (found.next_engagement_id) lines.push(t("nothing.coming"));
  const counted = {};
  for (const { reason } of found.engagements) if (reason) counted[reason] = (counted[reason] || 0) + 1;
  for (const [reason, n] of Object.entries(counted)) lines.push(t("nothing.reason", { n, reason: word("reason", reason) }));
  return lines;
}

export function Shortcuts({ on, onChange, onClose }) {
  const keys = ["a", "d", "n", "o", "p", "u", "t", "c", "?"];
  return html`<${Dialog} title=${t("keys")} onClose=${onClose}>
    <label class="check"><input type="checkbox" checked=${on} onChange=${(event) => onChange(event.target.checked)} /> ${t("keys.on")}</label>
    <dl class="keys">${keys.map((key) => html`<div><dt><kbd>${key.toUpperCase()}</kbd></dt><dd>${t(`keys.${key}`)}</dd></div>`)}</dl>
  <//>`;
}
