// Reports: the datasets as tables and charts, and a what-if comparison.
import { get } from "./api.js";
import { Empty, Form, html, Refusal, useEffect, useState } from "./ui.js";
import { WhatIf } from "./whatif.js";
import { span, t, when, word } from "./words.js";

/** What /v2/contact_center/analytics/dataset/historical has; whatever columns a row has are shown. */
const DATASETS = ["queue_performance", "agent_performance"];
const HIDDEN = ["end_time", "queue_id", "user_id"];
const WIDTH = 720;
const HEIGHT = 200;
const LEFT = 40;

export default function Reports() {
  const [asked, setAsked] = useState({ dataset: DATASETS[0], interval: "1h", hours: 24 });
  const [rows, setRows] = useState(null);
  const [measure, setMeasure] = useState("");
  const [problem, setProblem] = useState(null);
  async function load(wanted) {
    setProblem(null);
    const from = new Date(Date.now() - 3_600_000 * wanted.hours).toISOString();
    try {
      const found = await get(`analytics/dataset/historical/${wanted.dataset}?from=${from}&interval=${wanted.interval}`);
      setRows(found[wanted.dataset]);
      setAsked(wanted);
    } catch (refused) {
      setProblem(refused);
    }
  }
  useEffect(() => {
    load(asked);
  }, []);
  const columns = [...new Set((rows || []).flatMap((each) => Object.keys(each)))];
  const measures = columns.filter((key) => rows.every((each) => ["number", "undefined"].includes(typeof (each[key] ?? undefined))));
  const words = columns.filter((key) => !measures.includes(key) && !HIDDEN.includes(key));
  const drawn = measures.filter((key) => !/percentage$|_p\d+_ms$/.test(key)); // shares and percentiles do not add up
  const shown = drawn.includes(measure) ? measure : drawn.find((key) => key === "handled_count") || drawn[0];
  const send = (form) => load({ dataset: form.get("dataset"), interval: form.get("interval"), hours: Number(form.get("hours")) });
  return html`<div class="page">
    <h1>${t("page.reports")}</h1>
    <section class="panel" aria-label=${t("report.choose")}>
      <${Form} onSend=${send} label=${t("report.show")} className="choose">
        <label>${t("report.dataset")}<select name="dataset">${DATASETS.map((each) => html`<option value=${each}>${word("dataset", each)}</option>`)}</select></label>
        <label>${t("report.since")}<select name="hours">${[24, 168, 720].map((each) => html`<option value=${each}>${t(`report.hours.${each}`)}</option>`)}</select></label>
        <label>${t("report.interval")}<select name="interval">${["15m", "1h", "1d"].map((each) => html`<option value=${each} selected=${each === asked.interval}>${t(`interval.${each}`)}</option>`)}</select></label>
      <//>
      <${Refusal} problem=${problem} />
    </section>
    ${rows && !rows.length && html`<${Empty}>${t("report.none")}<//>`}
    ${shown && html`<section class="panel" aria-label=${t("report.chart")}>
      <header><h2>${word("measure", shown)}</h2>
        <select aria-label=${t("report.measure")} value=${shown} onChange=${(event) => setMeasure(event.target.value)}>${drawn.map((each) => html`<option value=${each} selected=${each === shown}>${word("measure", each)}</option>`)}</select></header>
      <${Chart} rows=${rows} measure=${shown} />
    </section>
    <section class="panel" aria-label=${t("report.table")}><h2>${t("report.table")}</h2><${Table} rows=${rows} words=${words} measures=${measures} /></section>`}
    <${WhatIf} />
  </div>`;
}

/** One bar for each interval, added up over its rows. */
function Chart({ rows, measure }) {
  const sums = new Map();
  for (const each of rows) sums.set(each.start_time, (sums.get(each.start_time) || 0) + (each[measure] || 0));
  const bars = [...sums].sort();
  const most = Math.max(1, ...bars.map(([, value]) => value));
  const wide = (WIDTH - LEFT) / bars.length;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT + 24}" role="img" aria-label=${t("report.chart_of", { measure: word("measure", measure), most: figure(measure, most) })}>
    ${[0, 0.5, 1].map((part) => html`<line x1=${LEFT} x2=${WIDTH} y1=${HEIGHT - part * (HEIGHT - 12)} y2=${HEIGHT - part * (HEIGHT - 12)} />
      <text x=${LEFT - 6} y=${HEIGHT - part * (HEIGHT - 12) + 4} text-anchor="end">${figure(measure, most * part)}</text>`)}
    ${bars.map(([at, value], n) => html`<rect x=${LEFT + n * wide + wide * 0.15} width=${Math.min(60, wide * 0.7)} y=${HEIGHT - (value / most) * (HEIGHT - 12)} height=${(value / most) * (HEIGHT - 12)} rx="2"><title>${when(at)}: ${figure(measure, value)}</title></rect>
      ${n % Math.ceil(bars.length / 8) === 0 && html`<text x=${LEFT + n * wide + wide * 0.15} y=${HEIGHT + 18}>${when(at)}</text>`}`)}
  </svg>`;
}

function Table({ rows, words, measures }) {
  return html`<div class="scroll tall" tabindex="0"><table>
    <thead><tr>${words.map((each) => html`<th>${word("column", each)}</th>`)}${measures.map((each) => html`<th class="n">${word("measure", each)}</th>`)}</tr></thead>
    <tbody>${rows.map((each) => html`<tr>${words.map((name) => html`<td>${said(name, each[name])}</td>`)}
      ${measures.map((name) => html`<td class="n">${figure(name, each[name])}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** A value that is no number. */
function said(name, value) {
  if (value === null || value === undefined) return "–";
  if (name.endsWith("_time")) return when(value);
  return typeof value === "object" ? JSON.stringify(value) : word(name, value);
}

function figure(measure, value) {
  if (value === null || value === undefined) return "–";
  if (/(_ms|duration|_time)$/.test(measure)) return span(value / 1000);
  if (/percentage$/.test(measure)) return `${value} %`;
  return Number.isInteger(value) ? value : value.toFixed(1);
}
