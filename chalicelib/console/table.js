// A report as a table: each value as its column's name and type say what it is.
import { began, figure } from "./chart.js";
import { html } from "./ui.js";
import { t, when, word } from "./words.js";

export const ENDS = ["completed", "cancelled", "abandoned", "overflowed"];
const WORDS = { channel: "channel", end_reason: "end", segment: "segment", entity_type: "entity", event_name: "event", state: "state", status: "status" };

/** The columns: as the API lists them, or else those that the rows have. */
function columnsOf(dataset, rows) {
  if (dataset.columns) return dataset.columns.map((each) => [each.column_name, each.column_type === "integer"]);
  const given = [...new Set(rows.flatMap((each) => Object.keys(each)))];
  const isSaid = (name) => name.endsWith("_id") && given.includes(name.replace(/_id$/, "_name"));
  const names = given.filter((name) => name !== "end_time" && !isSaid(name));
  const isNumber = (name) => rows.every((each) => (each[name] ?? null) === null || typeof each[name] === "number");
  return names.map((name) => [name, isNumber(name)]).sort(([, one], [, other]) => one - other);
}

/** `onBehind` is for numbers of what is added up: asked what one comes from. */
export function Table({ dataset, rows, me, onOpen, onBehind }) {
  const [first, ...others] = columnsOf(dataset, rows);
  const isDeep = ([name]) => rows.some((row) => typeof row[name]?.[0] === "object"); // what the report is about
  const columns = [first, ...others.filter(isDeep), ...others.filter((each) => !isDeep(each))];
  return html`<div class="scroll tall report" tabindex="0"><table>
    <thead><tr>${columns.map(([name, number]) => html`<th class=${number ? "n" : ""}>${word("column", name)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map(([name, number]) => html`<td class=${number ? "n" : ""}>
      <${Cell} name=${name} row=${row} dataset=${dataset} me=${me} onOpen=${onOpen} onBehind=${onBehind} /></td>`)}</tr>`)}</tbody>
  </table></div>`;
}

function Cell({ name, row, dataset, me, onOpen, onBehind }) {
  if (name === "engagement_id" && onOpen) return html`<button class="link" onClick=${() => onOpen(row[name])}>${row[name]}</button>`;
  if (onBehind && dataset.measures.includes(name) && row[name]) return html`<button class="link" title=${t("report.behind")} onClick=${() => onBehind(row, name)}>${figure(name, row[name])}</button>`;
  return name === "start_time" && dataset.measures ? began(row) : shown(name, row[name], me);
}

function shown(name, value, me) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number") return figure(name, value);
  if (Array.isArray(value)) return typeof value[0] === "object" ? html`<${Entries} entries=${value} me=${me} />` : value.map((each) => said(name.replace(/s$/, "_id"), each, me)).join(", ") || "–";
  return said(name, value, me);
}

function said(name, value, me) {
  if (name === "time" || name.endsWith("_time")) return when(value);
  if (name.endsWith("queue_id")) return me.queues.find((each) => each.queue_id === value)?.queue_name || value;
  if (name.endsWith("status_name")) return valueOf("status", value.toLowerCase().replace(" ", "_"));
  return valueOf(name, value);
}

/** A value as people say it, where its column has words. */
export function valueOf(name, value) {
  if (name === "end_reason" && !ENDS.includes(value)) return word("event", value); // of a segment, which a command ended
  return WORDS[name] ? word(WORDS[name], value) : String(value);
}

/** A list inside a row, opened on request: one line for each entry, what it holds itself below it. */
function Entries({ entries, me }) {
  return html`<details class="entries"><summary>${entries.length}</summary>${lines(entries, me)}</details>`;
}

function lines(entries, me) {
  return html`<ul>${entries.map((entry) => {
    const parts = Object.entries(entry).filter(([, value]) => value !== null && value !== "");
    const plain = parts.filter(([, value]) => typeof value !== "object");
    const deeper = parts.filter(([, value]) => Array.isArray(value) && typeof value[0] === "object");
    return html`<li>${plain.map(([name, value]) => shown(name, value, me)).join(" · ")}${deeper.map(([, value]) => lines(value, me))}</li>`;
  })}</ul>`;
}
