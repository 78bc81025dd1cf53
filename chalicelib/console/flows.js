// Flows as graphs, with the way lit that one engagement took, or that given input would take.
import { call, get } from "./api.js";
import { Empty, Form, html, Refusal, useEffect, useState } from "./ui.js";
import { t, when, word } from "./words.js";

const GIVEN = JSON.stringify({ work_item_type: "invoice", work_item_priority: 1 }, null, 1);
const ROUTE = ["queue_id", "priority", "user_id", "preferred_user_id"];

export default function Flows({ me }) {
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
    return setLit({ taken: takenBy(passage.steps) });
  }
  async function attempt(form) {
    setLit(null);
    const path = `flows/${encodeURIComponent(flowId)}/try?flow_version=${version.flow_version}`;
    const { body } = await call("POST", path, { given: parsed(form, "given"), answers: parsed(form, "answers") });
    setLit({ taken: takenBy(body.steps), led: body });
  }
  return html`<div class="page">
    <h1>${t("page.flows")}</h1>
    <${Refusal} problem=${problem} />
    <section class="panel" aria-label=${t("flow.choose")}>
      <div class="choose">
        <label>${t("flow")}<select value=${flowId} onChange=${(event) => { setFlowId(event.target.value); setNumber(null); setLit(null); }}>
          ${flows.map((each) => html`<option value=${each.flow_id} selected=${each.flow_id === flowId}>${each.flow_name}</option>`)}</select></label>
        ${version && html`<label>${t("flow.version")}<select value=${version.flow_version} onChange=${(event) => { setNumber(Number(event.target.value)); setLit(null); }}>
          ${versions.map((each) => html`<option value=${each.flow_version} selected=${each === version}>${each.flow_version} (${word("version_status", each.status)})</option>`)}</select></label>`}
        <${Form} onSend=${trace} label=${t("flow.trace")} className="row"><label>${t("flow.engagement")}<input name="engagement" required /></label><//>
        ${lit && html`<button onClick=${() => setLit(null)}>${t("flow.unlit")}</button>`}
      </div>
      <p role="status" class="muted">${lit && (lit.none || !lit.taken.size ? t("flow.straight") : t("flow.lit", { way: [...lit.taken].join(" → ") }))}</p>
    </section>
    ${version && me.role === "admin" && html`<${Try} onTry=${attempt} led=${lit?.led} />`}
    ${version ? html`<section class="panel graph" aria-label=${t("flow.graph")} tabindex="0">
      <div class="steps"><span class="end">${t("flow.begins")}</span><${Steps} steps=${version.steps} prefix="" lit=${lit} /><span class="end">${t("flow.ends")}</span></div>
    </section>` : html`<${Empty}>${t("flow.none")}<//>`}
  </div>`;
}

/** Input for a run that nothing comes of, and where it led. */
function Try({ onTry, led }) {
  return html`<details class="panel"><summary><strong>${t("try")}</strong> <span class="muted">${t("try.says")}</span></summary>
    <${Form} onSend=${onTry} label=${t("try.run")}>
      <label>${t("try.given")}<textarea class="code" name="given" rows="4" spellcheck="false">${GIVEN}</textarea></label>
      <label>${t("try.answers")}<textarea class="code" name="answers" rows="2" spellcheck="false">{}</textarea></label>
    <//>
    <p role="status">${led && (led.end ? t("try.ends") : t("try.leads", { to: given(led) || t("try.nowhere") }))}${led?.due ? ` ${t("try.due", { at: when(led.due) })}` : ""}</p>
  </details>`;
}

function parsed(form, name) {
  try {
    return JSON.parse(form.get(name) || "{}");
  } catch (wrong) {
    throw Object.assign(new Error(t("document.no_json", { why: wrong.message })), { status: 400 });
  }
}

function takenBy(steps) {
  return new Set(steps.map((each) => `${each.step}:${each.exit}`));
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
  const skills = route?.skills || [];
  const needs = Array.isArray(skills) ? skills.map((each) => [each.skill, each.level ?? 1]) : Object.entries(skills);
  for (const [skill, level] of needs) parts.push(`${skill} ≥ ${level}`);
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
