// How other systems reach this tenant, and what it tells them: Entry IDs, webhooks, their deliveries and replay.
import { call, get, now } from "./api.js";
import { apiRoot } from "./session.js";
import { Empty, Form, html, Refusal, useEffect, useState } from "./ui.js";
import { t, when } from "./words.js";

const DAY_MS = 86_400_000;

export default function Integrations() {
  const [document, setDocument] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    get("configuration").then((found) => setDocument(found.document), setProblem);
  }, []);
  const points = (document?.flows || []).flatMap((flow) => (flow.entry_points || []).map((point) => ({ ...point, flow: flow.flow_name })));
  return html`<div class="page">
    <h1>${t("page.integrations")}</h1>
    <${Refusal} problem=${problem} />
    <section class="panel" aria-label=${t("entries")}><h2>${t("entries")}</h2>
      ${document && !points.length && html`<${Empty}>${t("entries.none")}<//>`}
      ${points.map((each) => html`<${Entry} key=${each.entry_id} point=${each} />`)}
    </section>
    <section class="panel" aria-label=${t("webhooks")}><h2>${t("webhooks")}</h2>
      ${document && !document.webhooks?.length && html`<${Empty}>${t("webhooks.none")}<//>`}
      ${(document?.webhooks || []).map((each) => html`<${Webhook} key=${each.webhook_id} hook=${each} />`)}
    </section>
  </div>`;
}

function curlOf(entryId) {
  const body = JSON.stringify({
    channels: [{ channel: "work_item", channel_source: "API" }],
    flow: { flow_entry_id: entryId },
    work_item_variables: { work_item_id: "CASE-1", work_item_name: "A case", work_item_hyperlink: "https://crm.example.com/cases/1" },
  }, null, 2).replace(/'/g, "'\\''");
  return `curl -X POST ${apiRoot}v2/contact_center/engagement \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '${body}'`;
}

function Entry({ point }) {
  const [copied, setCopied] = useState(false);
  const text = curlOf(point.entry_id);
  async function copy() {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  }
  return html`<details>
    <summary><strong>${point.entry_name || point.entry_id}</strong> <code>${point.entry_id}</code> <span class="muted">${t("entries.to", { flow: point.flow })}</span></summary>
    <pre class="code" tabindex="0">${text}</pre>
    <p><button onClick=${copy}>${t("copy")}</button> <span role="status">${copied && t("copied")}</span></p>
  </details>`;
}

/** The newest attempts of the last day, newest first. Where there are more than an answer holds, which begins with the
    oldest, those of a shorter time. */
async function newest(path) {
  for (let ms = DAY_MS; ; ms /= 2) {
    const found = await get(`${path}/deliveries?from=${new Date(now() - ms).toISOString()}`);
    if (!found.next_from || ms < 1000) return found.deliveries.reverse();
  }
}

function Webhook({ hook }) {
  const [rows, setRows] = useState(null);
  const [said, setSaid] = useState("");
  const path = `webhooks/${encodeURIComponent(hook.webhook_id)}`;
  const [problem, setProblem] = useState(null);
  const fresh = () => newest(path).then(setRows, setProblem);
  useEffect(() => {
    fresh();
  }, []);
  async function replay(form) {
    const to = new Date(now()).toISOString();
    let from = new Date(form.get("from")).toISOString();
    let sent = 0;
    while (from) { // a call sends a part, and says where the next one begins
      const { body } = await call("POST", `${path}/replay`, { from, to });
      sent += body.deliveries;
      from = body.next_from;
      setSaid(t("replay.sent", { n: sent }));
    }
    await fresh();
  }
  return html`<details open>
    <summary><strong>${hook.webhook_id}</strong> <span class="muted">${hook.url}</span></summary>
    <${Refusal} problem=${problem} />
    <${Form} onSend=${replay} label=${t("replay")} className="row"><label>${t("replay.from")}<input type="datetime-local" name="from" required /></label><//>
    <p role="status">${said}</p>
    ${rows && !rows.length && html`<${Empty}>${t("deliveries.none")}<//>`}
    ${rows?.length > 0 && html`<div class="scroll tall" tabindex="0"><table>
      <thead><tr><th>${t("delivery.when")}</th><th>${t("delivery.event")}</th><th class="n">${t("delivery.attempt")}</th><th>${t("delivery.outcome")}</th></tr></thead>
      <tbody>${rows.map((each) => html`<tr><td>${when(each.time)}</td><td>${each.event}</td><td class="n">${each.attempt}</td>
        <td>${each.delivered ? html`<span class="chip good">${t("delivery.done")}</span>` : html`<span class="chip bad">! ${each.problem}</span>`}</td></tr>`)}</tbody>
    </table></div>`}
  </details>`;
}
