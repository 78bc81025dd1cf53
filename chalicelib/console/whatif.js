// A what-if comparison, as `interleave simulate --json` writes it: what was recorded beside each configuration.
import { Bar, html, Refusal, useState } from "./ui.js";
import { span, t, word } from "./words.js";

const FIRST = ["service_level", "wait_mean", "wait_p50", "wait_p90", "left", "missed_due_dates", "occupancy"];

export function WhatIf() {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  async function load(event) {
    setProblem(null);
    setFound(null);
    try {
      setFound(read(await event.target.files[0].text()));
    } catch {
      setProblem({ message: t("whatif.unreadable") });
    }
  }
  return html`<section class="panel" aria-label=${t("whatif")}>
    <h2>${t("whatif")}</h2>
    <p class="muted">${t("whatif.says")} <code>interleave simulate --history tenant --config new.yaml --json > compared.json</code></p>
    <label>${t("whatif.file")}<input type="file" accept="application/json,.json" onChange=${load} /></label>
    <${Refusal} problem=${problem} />
    ${found && html`<${Comparison} found=${found} />`}
  </section>`;
}

/** The file's content. It stays in this window. Throws where it is no comparison. */
function read(text) {
  const found = JSON.parse(text);
  if (!found.recorded || !found.configurations.every((each) => each.name && each.replayed)) throw new Error("no comparison");
  return found;
}

function Comparison({ found }) {
  const measures = FIRST.filter((name) => [found.recorded, ...found.configurations.map((each) => each.replayed)].some((each) => each[name] !== undefined));
  return html`<p>${t("whatif.seeds", { n: found.seeds })}</p>
    <div class="scroll" tabindex="0"><table>
      <thead><tr><th>${t("report.measure")}</th><th class="n">${t("whatif.recorded")}</th>${found.configurations.map((each) => html`<th class="n">${each.name}</th>`)}</tr></thead>
      <tbody>${measures.map((name) => html`<tr key=${name}><th scope="row">${word("whatif", name)}</th>
        <td class="n"><${Value} name=${name} value=${found.recorded[name]} /></td>
        ${found.configurations.map((each) => html`<td class="n"><${Value} name=${name} value=${each.replayed[name]} drawn=${each.figures?.[name]} /></td>`)}</tr>`)}</tbody>
    </table></div>`;
}

function Value({ name, value, drawn }) {
  const share = name === "service_level" || name === "occupancy";
  const mean = drawn ? drawn.mean : value;
  return html`${figure(name, mean)}${drawn && html` <span class="muted">± ${figure(name, drawn.within)}</span>`}
    ${share && mean !== undefined && html`<${Bar} value=${mean} of=${1} />`}
    ${drawn && (drawn.difference || drawn.difference_within) ? html`<div class="muted">Δ ${figure(name, drawn.difference)} ± ${figure(name, drawn.difference_within)}</div>` : ""}`;
}

function figure(name, value) {
  if (value === undefined || value === null) return "–";
  if (name === "service_level" || name === "occupancy") return `${(100 * value).toFixed(1)} %`;
  if (name.startsWith("wait")) return `${value < 0 ? "−" : ""}${span(Math.abs(value))}`;
  return String(Math.round(100 * value) / 100);
}
