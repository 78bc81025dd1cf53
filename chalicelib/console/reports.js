// Reports: every dataset that the API lists, as a table with filters, pages and a CSV file, with a chart of what is
// added up; and a what-if comparison.
import { call, get, now } from "./api.js";
import { Chart, figure } from "./chart.js";
import { Supervise } from "./supervise.js";
import { ENDS, Table, valueOf } from "./table.js";
import { Dialog, Empty, Form, html, Refusal, useEffect, useState } from "./ui.js";
import { WhatIf } from "./whatif.js";
import { t, word } from "./words.js";

const DATASETS = "analytics/dataset/historical";
const PERIODS = [24, 168, 720, 8760]; // hours
const INTERVALS = ["15m", "1h", "1d"];
const LONGEST_BY_HOUR = 744; // beyond, reports are by the day
const CHOICES = {
  channel: ["work_item", "voice", "video", "messaging", "email"],
  end_reason: ENDS,
  status: ["ready", "not_ready", "offline"],
};
const PAGE_SIZE = 50;
const LARGEST_PAGE = 300;
const MOST_BEHIND = 300;
const MARK = "\ufeff"; // by which spreadsheets know UTF-8

export default function Reports({ me }) {
  const [datasets, setDatasets] = useState([]);
  const [asked, setAsked] = useState(null);
  const [problem, setProblem] = useState(null);
  const ask = (dataset, hours, also) => setAsked((before) => ({ n: (before?.n || 0) + 1, dataset, query: { ...lately(hours), ...also } }));
  useEffect(() => {
    get(DATASETS).then(({ datasets: found }) => {
      setDatasets(found);
      ask(found[0], PERIODS[0], { interval: "1h" });
    }, setProblem);
  }, []);
  return html`<div class="page">
    <h1>${t("page.reports")}</h1>
    <${Refusal} problem=${problem} />
    ${datasets.length > 0 && html`<${Choice} datasets=${datasets} me=${me} onAsk=${ask} />`}
    ${asked && html`<${Report} key=${asked.n} dataset=${asked.dataset} query=${asked.query} me=${me} />`}
    <${WhatIf} />
  </div>`;
}

function lately(hours) {
  const to = now();
  return { from: new Date(to - 3_600_000 * hours).toISOString(), to: new Date(to).toISOString() };
}

/** Which dataset, of what time, only what fits, and of what is added up by what. */
function Choice({ datasets, me, onAsk }) {
  const [name, setName] = useState(datasets[0].dataset_name);
  const [hours, setHours] = useState(PERIODS[0]);
  const dataset = datasets.find((each) => each.dataset_name === name);
  const intervals = hours > LONGEST_BY_HOUR ? ["1d"] : INTERVALS;
  async function send(form) {
    const filters = dataset.filters.map((each) => [each, form.get(each).trim()]).filter(([, value]) => value);
    const added = dataset.measures ? { interval: form.get("interval"), group_by: form.getAll("group_by").join(",") } : {};
    onAsk(dataset, hours, { ...added, ...Object.fromEntries(filters) });
  }
  const option = (each) => html`<option value=${each.dataset_name} selected=${each.dataset_name === name}>${word("dataset", each.dataset_name)}</option>`;
  return html`<section class="panel" aria-label=${t("report.choose")}>
    <${Form} onSend=${send} label=${t("report.show")} className="choose">
      <label>${t("report.dataset")}<select onChange=${(event) => setName(event.target.value)}>
        <optgroup label=${t("report.added_up")}>${datasets.filter((each) => each.measures).map(option)}</optgroup>
        <optgroup label=${t("report.rows")}>${datasets.filter((each) => each.columns).map(option)}</optgroup>
      </select></label>
      <label>${t("report.since")}<select onChange=${(event) => setHours(Number(event.target.value))}>${PERIODS.map((each) => html`<option value=${each} selected=${each === hours}>${t(`report.hours.${each}`)}</option>`)}</select></label>
      ${dataset.measures && html`<label>${t("report.interval")}<select name="interval">${intervals.map((each) => html`<option value=${each} selected=${each === "1h"}>${t(`interval.${each}`)}</option>`)}</select></label>`}
      ${dataset.filters.length > 0 && html`<details class="filters" key=${name}><summary>${t(dataset.measures ? "report.groups" : "report.filters")}</summary>
        ${dataset.measures && html`<fieldset class="choose"><legend>${t("report.group_by")}</legend>
          ${dataset.filters.map((each) => html`<label class="check"><input type="checkbox" name="group_by" value=${each} defaultChecked=${dataset.group_by.includes(each)} /> ${word("column", each)}</label>`)}</fieldset>`}
        <div class="fields">${dataset.filters.map((each) => html`<label>${word("column", each)}<${Filter} name=${each} me=${me} /></label>`)}</div>
      </details>`}
    <//>
  </section>`;
}

function Filter({ name, me }) {
  const among = name === "queue_id" ? me.queues.map((each) => [each.queue_id, each.queue_name]) : CHOICES[name]?.map((each) => [each, valueOf(name, each)]);
  if (!among) return html`<input name=${name} placeholder=${t("report.any")} />`;
  return html`<select name=${name}><option value="">${t("report.any")}</option>${among.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select>`;
}

/** What was asked for, page by page. */
function Report({ dataset, query, me }) {
  const name = dataset.dataset_name;
  const [page, setPage] = useState(null);
  const [before, setBefore] = useState([]);
  const [open, setOpen] = useState(null);
  const [traced, setTraced] = useState(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const paged = dataset.measures ? {} : { page_size: PAGE_SIZE };

  async function attempt(what) {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    await what().catch(setProblem);
    setBusy(false);
  }
  /** The page that begins at a token, or the next one that has rows. */
  const turn = (token, passed) => attempt(async () => {
    let found = null;
    let next = token;
    do {
      found = await get(pathOf(name, { ...query, ...paged }, next));
      next = found.next_page_token;
    } while (next && !found[name].length);
    setPage({ rows: found[name], token, next });
    setBefore(passed);
  });
  useEffect(() => {
    turn("", []);
  }, []);
  const look = me.role !== "agent" && setOpen;
  const save = () => attempt(async () => download(`${name}.csv`, await csvOf(dataset, query)));
  const back = before.length > 0 && (() => turn(before[before.length - 1], before.slice(0, -1)));
  const onward = page?.next && (() => turn(page.next, [...before, page.token]));
  return html`<${Refusal} problem=${problem} />
    ${!page && !problem && html`<${Empty}>${t("loading")}<//>`}
    ${page && !page.rows.length && html`<${Empty}>${t("report.none")}<//>`}
    ${page?.rows.length > 0 && dataset.measures && html`<${Drawn} rows=${page.rows} measures=${dataset.measures} />`}
    ${page?.rows.length > 0 && html`<section class="panel" aria-label=${t("report.table")} aria-busy=${busy}>
      <header><h2>${word("dataset", name)}</h2>
        ${(dataset.columns || back || onward) && html`<span role="status" class="muted">${t("report.page", { n: before.length + 1 })}</span>
          <${Turn} label=${t("report.back")} onTurn=${back} /><${Turn} label=${t("report.next")} onTurn=${onward} />`}
        <button onClick=${save}>${t("report.csv")}</button></header>
      <${Table} dataset=${dataset} rows=${page.rows} me=${me} onOpen=${look} onBehind=${dataset.measures && ((row, measure) => setTraced({ row, measure }))} />
    </section>`}
    ${traced && html`<${Behind} ...${traced} dataset=${dataset} query=${query} me=${me} onOpen=${look} onClose=${() => setTraced(null)} />`}
    ${open && html`<${Supervise} key=${open} id=${open} me=${me} onClose=${() => setOpen(null)} />`}`;
}

/** What one number of a row comes from, and what each adds to it. */
function Behind({ row, measure, dataset, query, me, onOpen, onClose }) {
  const [parts, setParts] = useState(null);
  const [problem, setProblem] = useState(null);
  const name = dataset.dataset_name;
  useEffect(() => {
    const groups = (query.group_by?.split(",") ?? dataset.group_by).filter(Boolean);
    const isThis = (each) => groups.every((group) => each[group] === row[group]); // of several skills, any is asked for
    const asked = { ...query, ...only(row, groups, query), behind: measure };
    get(pathOf(name, asked)).then((found) => setParts(found[name].filter(isThis).flatMap((each) => each.behind)), setProblem);
  }, []);
  return html`<${Dialog} title="${word("column", measure)}: ${figure(measure, row[measure])}" onClose=${onClose} wide>
    <${Refusal} problem=${problem} />
    ${!parts && !problem && html`<${Empty}>${t("loading")}<//>`}
    ${parts && html`<${Table} dataset=${{}} rows=${parts.slice(0, MOST_BEHIND)} me=${me} onOpen=${onOpen} />`}
    ${parts?.length > MOST_BEHIND && html`<p class="muted">${t("report.behind.more", { n: parts.length - MOST_BEHIND })}</p>`}
  <//>`;
}

/** The question that only one row answers. */
function only(row, groups, { from, to }) {
  const group = Object.fromEntries(groups.map((each) => [each, row[each] ?? ""]));
  return { ...group, from: from > row.start_time ? from : row.start_time, to: to < row.end_time ? to : row.end_time };
}

/** A button that keeps the keyboard where there is nothing to turn to. */
function Turn({ label, onTurn }) {
  return html`<button aria-disabled=${!onTurn} onClick=${() => onTurn && onTurn()}>${label}</button>`;
}

function Drawn({ rows, measures }) {
  const [chosen, setChosen] = useState("");
  const shown = chosen || (measures.includes("handled_count") ? "handled_count" : measures[0]);
  return html`<section class="panel" aria-label=${t("report.chart")}>
    <header><h2>${word("column", shown)}</h2>
      <select aria-label=${t("report.measure")} onChange=${(event) => setChosen(event.target.value)}>${measures.map((each) => html`<option value=${each} selected=${each === shown}>${word("column", each)}</option>`)}</select></header>
    <${Chart} rows=${rows} measure=${shown} />
  </section>`;
}

function pathOf(name, query, token) {
  return `${DATASETS}/${name}?${new URLSearchParams({ ...query, ...(token ? { next_page_token: token } : {}) })}`;
}

/** All pages as one table. */
async function csvOf(dataset, query) {
  const whole = { ...query, format: "csv", ...(dataset.measures ? {} : { page_size: LARGEST_PAGE }) };
  let text = "";
  let token = "";
  do {
    const { body, headers } = await call("GET", pathOf(dataset.dataset_name, whole, token));
    text += text ? body.slice(body.indexOf("\n") + 1) : MARK + body;
    token = headers.get("Next-Page-Token");
  } while (token);
  return text;
}

function download(name, text) {
  const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(new Blob([text], { type: "text/csv" })) });
  link.click();
  URL.revokeObjectURL(link.href);
}
