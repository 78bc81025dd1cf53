// The tenant's configuration: as forms, as the document, planned before it is applied, and its earlier versions.
import { call, get } from "./api.js";
import { Forms } from "./forms.js";
import { Empty, Form, html, Refusal, Tabs, useEffect, useRef, useState } from "./ui.js";
import { t, when } from "./words.js";

const SIGNS = { "+": "add", "-": "remove", "~": "change" };

export default function Configuration({ me }) {
  const [current, setCurrent] = useState(null);
  const [text, setText] = useState("");
  const [tab, setTab] = useState("forms");
  const [plan, setPlan] = useState(null);
  const [problem, setProblem] = useState(null);
  const [done, setDone] = useState("");
  const latest = useRef("");
  const mayWrite = me.role === "admin";

  async function load() {
    const found = await get("configuration");
    setCurrent(found);
    put(JSON.stringify(found.document, null, 2));
  }
  function put(changed) {
    latest.current = changed;
    setText(changed);
    setPlan(null);
  }
  useEffect(() => {
    load().catch(setProblem);
  }, []);

  function edit(changed) {
    put(changed);
    setDone("");
  }
  function parsed() {
    try {
      return JSON.parse(text);
    } catch (wrong) {
      throw Object.assign(new Error(t("document.no_json", { why: wrong.message })), { status: 400 });
    }
  }
  async function attempt(what) {
    setProblem(null);
    setDone("");
    try {
      await what();
    } catch (refused) {
      setProblem(refused);
    }
  }
  const makePlan = () =>
    attempt(async () => {
      const { body } = await call("POST", "configuration/plan", parsed());
      if (latest.current === text) setPlan(body); // else it was changed meanwhile, and the plan is another document's
    });
  const apply = (form) =>
    attempt(async () => {
      const match = { "If-Match": `"${plan.version}"` };
      const answer = await call("POST", "configuration/apply", { document: parsed(), comment: form.get("comment") }, match);
      await load();
      setDone(t("applied", { version: answer.body.version }));
    });
  const compare = (version) =>
    attempt(async () => {
      edit(JSON.stringify((await get(`configuration/versions/${version}`)).document, null, 2));
      setTab("document");
    });
  async function goBack(version) {
    await attempt(async () => {
      const answer = await call("POST", "configuration/rollback", { version }, { "If-Match": `"${current.version}"` });
      await load();
      setDone(t("applied", { version: answer.body.version }));
    });
  }
  const tabs = [["forms", t("configuration.forms")], ["document", t("configuration.document")], ["versions", t("configuration.versions")]];
  let draft = null;
  try {
    draft = JSON.parse(text || "null");
  } catch {
    draft = null;
  }
  const changed = current && text !== JSON.stringify(current.document, null, 2);
  return html`<div class="page">
    <h1>${t("page.configuration")} ${current && html`<span class="muted">${t("version", { n: current.version })}</span>`}</h1>
    <${Tabs} label=${t("page.configuration")} tabs=${tabs} chosen=${tab} onChoose=${setTab} />
    <${Refusal} problem=${problem} />
    <p role="status">${done && html`<span class="done">${done}</span>`}</p>
    ${current && tab === "versions" && html`<${Versions} current=${current} mayWrite=${mayWrite} onBack=${goBack} onLoad=${compare} />`}
    ${current && tab !== "versions" && html`<div class="columns">
      <section class="panel" aria-label=${t("configuration.edit")}>
        ${tab === "document"
          ? html`<textarea class="code" spellcheck="false" aria-label=${t("configuration.document")} value=${text} onInput=${(event) => edit(event.target.value)}></textarea>`
          : draft
            ? html`<${Forms} document=${draft} onChange=${(next) => edit(JSON.stringify(next, null, 2))} />`
            : html`<${Empty}>${t("document.broken")}<//>`}
      </section>
      <section class="panel" aria-label=${t("plan")}>
        <header><h2>${t("plan")}</h2>
          ${changed && html`<button onClick=${() => attempt(load)}>${t("plan.discard")}</button>`}
          <button class=${plan ? "" : "primary"} onClick=${makePlan} disabled=${!changed}>${t("plan.make")}</button></header>
        ${plan ? html`<${Plan} plan=${plan} mayWrite=${mayWrite} onApply=${apply} />` : html`<${Empty}>${changed ? t("plan.first") : t("plan.nothing")}<//>`}
      </section>
    </div>`}
  </div>`;
}

/** What would change, readable before it does. */
function Plan({ plan, mayWrite, onApply }) {
  return html`<p>${t("plan.summary", plan.summary)}</p>
    <ul class="diff">${plan.changes.map((each) => html`<li class=${SIGNS[each.action]}>
      <p><strong>${t(`plan.${SIGNS[each.action]}`)}</strong> ${each.kind} <code>${each.id}</code></p>
      ${(each.fields || []).flatMap((field) => leaves(field.field, field.before, field.after)).map(([place, before, after]) => html`<div class="field">
        <span class="muted">${place}</span>
        ${before !== undefined && html`<del class="code">${shown(before)}</del>`}
        ${after !== undefined && html`<ins class="code">${shown(after)}</ins>`}</div>`)}
    </li>`)}</ul>
    ${plan.warnings.length > 0 && html`<h3>${t("plan.warnings")}</h3><ul>${plan.warnings.map((each) => html`<li><span class="chip warn">!</span> ${each.message} <span class="muted">${each.pointer}</span></li>`)}</ul>`}
    ${mayWrite && plan.changes.length > 0 && html`<${Form} onSend=${onApply} label=${t("apply")}><label>${t("apply.comment")}<input name="comment" maxlength="1024" /></label><//>`}`;
}

/** Where two values differ, as deep down as they have the same shape; undefined is nothing. */
function leaves(place, before, after) {
  const [one, other] = [before ?? undefined, after ?? undefined];
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const deeper = one && other && typeof one === "object" && typeof other === "object" && Array.isArray(one) === Array.isArray(other);
  if (!deeper) return [[place, one, other]];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => leaves(`${place} › ${key}`, one[key], other[key]));
}

function shown(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

function Versions({ current, mayWrite, onBack, onLoad }) {
  const [rows, setRows] = useState([]);
  useEffect(() => {
    get("configuration/versions?page_size=100").then((found) => setRows(found.versions), () => {});
  }, [current.version]);
  return html`<section class="panel" aria-label=${t("configuration.versions")}><div class="scroll"><table>
    <thead><tr><th class="n">${t("version.number")}</th><th>${t("version.when")}</th><th>${t("version.by")}</th><th>${t("version.why")}</th><th><span class="unseen">${t("actions")}</span></th></tr></thead>
    <tbody>${rows.map((each) => html`<tr key=${each.version}>
      <td class="n">${each.version}</td><td>${when(each.applied_time)}</td><td>${each.applied_by}</td><td>${each.comment}</td>
      <td>${each.version === current.version
        ? html`<span class="chip good">${t("version.current")}</span>`
        : html`<button onClick=${() => onLoad(each.version)}>${t("version.compare")}</button> ${mayWrite && html`<button onClick=${() => onBack(each.version)}>${t("version.back")}</button>`}`}</td>
    </tr>`)}</tbody>
  </table></div></section>`;
}
