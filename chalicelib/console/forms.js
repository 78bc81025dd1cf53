// The document as forms: each kind's entries, each entry's plain fields as the schema describes them.
import { get } from "./api.js";
import { Empty, html, useEffect, useState } from "./ui.js";
import { t } from "./words.js";

const KINDS = {
  queues: ["queue_id", "queue_name"],
  agents: ["user_id", "display_name"],
  teams: ["team_id", "team_name"],
  reasons: ["sub_status_id", "sub_status_name"],
  dispositions: ["disposition_id", "disposition_name"],
  webhooks: ["webhook_id", "url"],
};

export function Forms({ document, onChange }) {
  const [schema, setSchema] = useState(null);
  const [kind, setKind] = useState("queues");
  const [at, setAt] = useState(0);
  useEffect(() => {
    get("configuration/schema").then(setSchema, () => {});
  }, []);
  if (!schema) return html`<${Empty}>${t("loading")}<//>`;
  const [idField, nameField] = KINDS[kind];
  const entries = document[kind] || [];
  const entry = entries[at];
  const put = (rows) => onChange({ ...document, [kind]: rows });
  const set = (field, value) => {
    const next = { ...entry, [field]: value };
    if (value === undefined) delete next[field];
    put(entries.map((each, n) => (n === at ? next : each)));
  };
  function add() {
    put([...entries, { [idField]: `new-${entries.length + 1}`, [nameField]: t("form.new") }]);
    setAt(entries.length);
  }
  function remove() {
    put(entries.filter((_, n) => n !== at));
    setAt(0);
  }
  return html`<div class="forms">
    <div class="choose">
      <label>${t("form.kind")}<select value=${kind} onChange=${(event) => { setKind(event.target.value); setAt(0); }}>
        ${Object.keys(KINDS).map((each) => html`<option value=${each}>${t(`kind.${each}`)}</option>`)}
      </select></label>
      <label>${t("form.entry")}<select value=${at} onChange=${(event) => setAt(Number(event.target.value))}>
        ${entries.map((each, n) => html`<option value=${n} selected=${n === at}>${each[nameField] || each[idField]}</option>`)}
      </select></label>
      <button onClick=${add}>${t("form.add")}</button>
      ${entry && html`<button onClick=${remove}>${t("form.remove")}</button>`}
    </div>
    ${entry ? html`<div class="fields" key=${`${kind}${at}`}>${fieldsOf(schema, kind).map(([name, rule]) => html`<${Field} key=${name} name=${name} rule=${rule} value=${entry[name]} onSet=${(value) => set(name, value)} />`)}</div>` : html`<${Empty}>${t("form.none")}<//>`}
    <p class="muted">${t("form.rest")}</p>
  </div>`;
}

/** The fields that hold one plain value, or a list of words. */
function fieldsOf(schema, kind) {
  const follow = (rule) => (rule?.$ref ? follow(rule.$ref.replace("#/", "").split("/").reduce((found, part) => found?.[part], schema)) : rule);
  const items = follow(follow(schema.properties?.[kind])?.items);
  return Object.entries(items?.properties || {})
    .map(([name, rule]) => {
      const said = follow(rule);
      const real = said?.anyOf ? follow(said.anyOf.find((each) => each.type !== "null")) : said;
      return [name, { ...real, default: rule.default ?? real?.default, description: rule.description || real?.description }];
    })
    .filter(([, rule]) => ["string", "integer", "number", "boolean"].includes(rule.type) || rule.enum || (rule.type === "array" && follow(rule.items)?.type === "string"));
}

function Field({ name, rule, value, onSet }) {
  const text = (event) => event.target.value;
  const label = name.replace(/_/g, " ");
  const usual = rule.default === undefined || rule.default === null ? "" : String(rule.default);
  let input;
  if (rule.type === "boolean") {
    return html`<label class="check"><input type="checkbox" checked=${value ?? rule.default} onChange=${(event) => onSet(event.target.checked)} /> ${label}</label>`;
  }
  if (rule.enum) {
    input = html`<select value=${value ?? usual} onChange=${(event) => onSet(text(event) || undefined)}>
      ${rule.enum.map((each) => html`<option value=${each} selected=${each === (value ?? usual)}>${each}</option>`)}</select>`;
  } else if (rule.type === "integer" || rule.type === "number") {
    input = html`<input type="number" step=${rule.type === "integer" ? 1 : "any"} min=${rule.minimum} max=${rule.maximum} value=${value ?? ""} placeholder=${usual} onChange=${(event) => onSet(text(event) === "" ? undefined : Number(text(event)))} />`;
  } else if (rule.type === "array") {
    input = html`<input value=${(value || []).join(", ")} onChange=${(event) => onSet(text(event).split(",").map((each) => each.trim()).filter(Boolean))} />`;
  } else {
    input = html`<input value=${value ?? ""} placeholder=${usual} maxlength=${rule.maxLength} onChange=${(event) => onSet(text(event) || undefined)} />`;
  }
  return html`<label title=${rule.description}>${label}${input}</label>`;
}
