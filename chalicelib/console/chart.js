// A chart of a report: one bar for each interval, and how its numbers are said.
import { html } from "./ui.js";
import { day, span, t, when, word } from "./words.js";

const MOST_OF_A_DAY_MS = 72_000_000;
const WIDTH = 720;
const HEIGHT = 200;
const LEFT = 40;

/** One bar for each interval, added up over its rows. */
export function Chart({ rows, measure }) {
  const sums = new Map();
  const named = new Map(rows.map((each) => [each.start_time, began(each)]));
  for (const each of rows) sums.set(each.start_time, (sums.get(each.start_time) || 0) + (each[measure] || 0));
  const bars = [...sums].sort();
  const most = Math.max(1, ...bars.map(([, value]) => value));
  const wide = (WIDTH - LEFT) / bars.length;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT + 24}" role="img" aria-label=${t("report.chart_of", { measure: word("column", measure), most: figure(measure, most) })}>
    ${[0, 0.5, 1].map((part) => html`<line x1=${LEFT} x2=${WIDTH} y1=${HEIGHT - part * (HEIGHT - 12)} y2=${HEIGHT - part * (HEIGHT - 12)} />
      <text x=${LEFT - 6} y=${HEIGHT - part * (HEIGHT - 12) + 4} text-anchor="end">${figure(measure, most * part)}</text>`)}
    ${bars.map(([at, value], n) => html`<rect x=${LEFT + n * wide + wide * 0.15} width=${Math.min(60, wide * 0.7)} y=${HEIGHT - (value / most) * (HEIGHT - 12)} height=${(value / most) * (HEIGHT - 12)} rx="2"><title>${named.get(at)}: ${figure(measure, value)}</title></rect>
      ${n % Math.ceil(bars.length / 8) === 0 && html`<text x=${LEFT + n * wide + wide * 0.15} y=${HEIGHT + 18}>${named.get(at)}</text>`}`)}
  </svg>`;
}

/** When an interval began. */
export function began({ start_time: start, end_time: end }) {
  return Date.parse(end) - Date.parse(start) > MOST_OF_A_DAY_MS ? day(start) : when(start);
}

/** A number as its column's name says what it is. */
export function figure(name, value) {
  if (value === null || value === undefined) return "–";
  if (name.endsWith("_ms")) return span(value / 1000);
  if (name.endsWith("percentage")) return `${value} %`;
  return Number.isInteger(value) ? value : value.toFixed(name.startsWith("cost") ? 2 : 1);
}
