// Flows as graphs, with the way that one engagement took lit.
import { get } from "./api.js";
import { Empty, Form, html, Refusal, useEffect, useState } from "./ui.js";
import { t } from "./words.js";

const ROUTE = ["queue_id", "priority", "user_id", "preferred_user_id"];

export default function Flows() {
  const [flows, setFlows] = useState([]);
  const [flowId, setFlowId] = useState("");
  const [number, setNumber] = useState(null);
  const [lit, setLit] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    get("configuration").then((found) => {
      const all = found.document.flows || [];
      setFlows(all);
      setFlowId(all[0]?.flow_id || "");
    }, setProblem);
  }, []);
  const flow = flows.find((each) => each.flow_id === flowId);
  const versions = flow?.versions || [];
  const version = versions.find((each) => each.flow_version === number) || versions.find((each) => each.status === "published") || versions[versions.length - 1];

  async function trace(form) {
    const found = await get(`engagements/${encodeURIComponent(form.get("engagement").trim())}/explanation`);
    const passage = found.flows[found.flows.length - 1];
    if (!passage) return setLit({ none: true, taken: new Set() });
    const [id, taken] = passage.flow.split("@");
    if (flows.some((each) => each.flow_id === id)) {
      setFlowId(id);
      setNumber(Number(taken));
    }
    return setLit({ taken: new Set(passage.steps.map((each) => `${each.step}:${each.exit}`)) });
  }
  return html`<div class="page">
    <h1>${t("page.flows")}</h1>
    <${Refusal} problem=${problem} />
    <section class="panel" aria-label=${t("flow.choose")}>
      <div class="choose">
        <label>${t("flow")}<select value=${flowId} onChange=${(event) => { setFlowId(event.target.value); setNumber(null); setLit(null); }}>
          ${flows.map((each) => html`<option value=${each.flow_id} selected=${each.flow_id === flowId}>${each.flow_name}</option>`)}</select></label>
        ${version && html`<label>${t("flow.version")}<select value=${version.flow_version} onChange=${(event) => { setNumber(Number(event.target.value)); setLit(null); }}>
          ${versions.map((each) => html`<option value=${each.flow_version} selected=${each === version}>${each.flow_version} (${each.status})</option>`)}</select></label>`}
        <${Form} onSend=${trace} label=${t("flow.trace")} className="row"><label>${t("flow.engagement")}<input name="engagement" required /></label><//>
        ${lit && html`<button onClick=${() => setLit(null)}>${t("flow.unlit")}</button>`}
      </div>
      <p role="status" class="muted">${lit && (lit.none || !lit.taken.size ? t("flow.straight") : t("flow.lit", { way: [...lit.taken].join(" → ") }))}</p>
    </section>
    ${version ? html`<section class="panel graph" aria-label=${t("flow.graph")} tabindex="0">
      <div class="steps"><span class="end">${t("flow.begins")}</span><${Steps} steps=${version.steps} prefix="" lit=${lit} /><span class="end">${t("flow.ends")}</span></div>
    </section>` : html`<${Empty}>${t("flow.none")}<//>`}
  </div>`;
}

function Steps({ steps, prefix, lit }) {
  return steps.map((step, n) => html`<${Step} step=${step} at=${step.name || `${prefix}${n + 1}`} lit=${lit} />`);
}

function Step({ step, at, lit }) {
  const [title, exits] = partsOf(step);
  return html`<div class="step">
    <div class="node"><strong>${step.name || at}</strong> <span>${title}</span></div>
    ${exits.length > 0 && html`<div class="exits">${exits.map(([name, label, exit]) => html`<div class="exit ${lit?.taken.has(`${at}:${name}`) ? "lit" : ""}">
      <span class="label">${label}</span>
      ${given(exit) && html`<span class="gives">${given(exit)}</span>`}
      <${Steps} steps=${exit.steps || []} prefix="${at}.${name}." lit=${lit} />
    </div>`)}</div>`}
  </div>`;
}

/** What a step does, in words; and its exits: their name in a trace, their label, what they add. */
function partsOf(step) {
  if (step.choose) {
    const exits = step.choose.map((each, n) => [each.name || String(n + 1), `${each.name ? `${each.name}: ` : ""}${condition(each.when)}`, each.route]);
    return [t("step.choose"), [...exits, ["otherwise", t("step.otherwise"), step.otherwise]]];
  }
  if (step.split) return [t("step.split"), step.split.map((each, n) => [each.name || String(n + 1), `${each.percent} %`, each.route])];
  if (step.hours) return [t("step.hours", { hours: step.hours }), [["open", t("step.open"), step.open], ["closed", t("step.closed"), step.closed]]];
  if (step.set) return [given(step.set), []];
  if (step.http) {
    const exits = ["answered", "failed"].filter((each) => step[each]).map((each) => [each, each, step[each]]);
    return [t("step.http", { system: step.http.system_id }), exits];
  }
  if (step.queue_statistics) return [t("step.statistics", { queue: step.queue_statistics }), []];
  if (step.consumer) return [t("step.consumer"), []];
  if (step.route) return [given(step.route), []];
  if (step.flow) return [t("step.flow", { flow: step.flow }), []];
  if (step.overflow) return [t("step.overflow", { queue: step.overflow }), []];
  if (step.end) return [t("step.end"), []];
  return [Object.keys(step).filter((each) => each !== "name").join(", "), []];
}

function given(route) {
  const parts = ROUTE.filter((each) => route?.[each] !== undefined && route[each] !== null).map((each) => `${each.replace("_id", "")} ${route[each]}`);
  for (const need of route?.skills || []) parts.push(`${need.skill} ≥ ${need.level ?? 1}`);
  for (const [name, value] of Object.entries(route?.variables || {})) parts.push(`${name} = ${JSON.stringify(value)}`);
  return parts.join(", ");
}

function condition(when) {
  if (when.all) return when.all.map(condition).join(` ${t("step.and")} `);
  if (when.any) return when.any.map(condition).join(` ${t("step.or")} `);
  if (when.not) return `${t("step.not")} (${condition(when.not)})`;
  if (when.jmespath) return when.jmespath;
  if (when.field) return `${when.field} ${String(when.op).replace(/_/g, " ")} ${when.value === undefined ? "" : JSON.stringify(when.value)}`;
  return JSON.stringify(when);
}
