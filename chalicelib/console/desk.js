// The agent's desk: status, offers, the work in hand, and the one that is open.
import { call, get, usePoll } from "./api.js";
import { focusOn } from "./focus.js";
import { HeardOffers, OfferCard } from "./offer.js";
import { Nothing, Shortcuts, Status } from "./status.js";
import { Dialog, Empty, html, Refusal, Tabs, useEffect, useKeys, useNow, useRef, useState } from "./ui.js";
import { moment, span, t, when, word } from "./words.js";
import { Work } from "./work.js";

const MINE = "users/me/assignments";
const SHOWN_CLOSED = 30;
const LEAVING = /^(transfer|release)/;

export default function Desk({ me }) {
  const held = usePoll(MINE);
  const status = held.data?.status;
  const [chosen, setChosen] = useState(null);
  const [tab, setTab] = useState("assigned");
  const [asking, setAsking] = useState(null);
  const [problem, setProblem] = useState(null);
  const [keysOn, setKeysOn] = useState(true);
  const [help, setHelp] = useState(false);
  const accepting = useRef(null);
  const all = held.data?.assignments || [];
  const offers = all.filter((each) => each.state === "offered").sort(byDeadline);
  const working = all.filter((each) => each.state === "assigned" || each.state === "wrap_up");
  const parked = all.filter((each) => each.state === "inactive");
  const open = all.find((each) => each.engagement_id === chosen && each.state !== "offered");

  useEffect(() => {
    document.title = `${offers.length ? `(${offers.length}) ` : ""}${t("page.desk")} · Interleave`;
  }, [offers.length]);

  async function act(method, path, body, leaves) {
    setProblem(null);
    if (leaves) setChosen(null); // it is somebody else's to read from now on
    try {
      const answer = await call(method, path, body, method === "PATCH" ? { Prefer: "return=representation" } : {});
      if (answer.body?.assignments) held.put(answer);
      else held.refresh();
      return true;
    } catch (refused) {
      if (leaves) setChosen(chosen);
      held.refresh();
      setProblem(refused);
      return false;
    }
  }
  const change = (work, action, also = {}) =>
    act("PATCH", `engagements/${work.engagement_id}`, { engagement_action: action, ...also }, LEAVING.test(action));

  async function accept(offer) {
    if (accepting.current === offer.offer_id) return; // pressed twice: it is on its way
    accepting.current = offer.offer_id;
    if (await act("POST", `${MINE}/${offer.engagement_id}/accept`, { offer_id: offer.offer_id })) {
      setTab("assigned");
      setChosen(offer.engagement_id);
      requestAnimationFrame(() => focusOn(document.querySelector(".work"), false));
    } else {
      accepting.current = null;
    }
  }
  const decline = (offer, reason) =>
    act("POST", `${MINE}/${offer.engagement_id}/decline`, { offer_id: offer.offer_id, ...(reason ? { reason } : {}) });

  function next() {
    const listed = tab === "inactive" ? parked : working;
    const at = listed.findIndex((each) => each.engagement_id === chosen);
    if (listed.length) setChosen(listed[(at + 1) % listed.length].engagement_id);
  }
  useKeys(
    {
      a: () => offers[0] && accept(offers[0]),
      d: () => offers[0] && setAsking({ what: "decline", work: offers[0] }),
      n: next,
      p: () => open?.state === "assigned" && setAsking({ what: "park", work: open }),
      u: () => open?.state === "inactive" && change(open, "activate"),
      t: () => open && open.state !== "wrap_up" && setAsking({ what: "transfer", work: open }),
      c: () => open && setAsking({ what: "close", work: open }),
      o: () => document.querySelector(".work .launch")?.click(),
      "?": () => setHelp(true),
    },
    keysOn,
  );

  const tabs = [["assigned", t("desk.open"), working.length], ["inactive", t("desk.inactive"), parked.length], ["closed", t("desk.closed")]];
  return html`<div class="desk">
    <h1 class="unseen">${t("page.desk")}</h1>
    <section class="side" aria-label=${t("desk.mine")}>
      <${Status} me=${me} status=${status} onChange=${held.refresh} />
      <${HeardOffers} offers=${offers} me=${me} />
      ${offers.map((each) => html`<${OfferCard} key=${each.offer_id} offer=${each} me=${me} onAccept=${() => accept(each)} onDecline=${() => setAsking({ what: "decline", work: each })} />`)}
      <${Refusal} problem=${problem || held.problem} />
      <${Tabs} label=${t("desk.lists")} tabs=${tabs} chosen=${tab} onChoose=${setTab} />
      ${tab === "closed"
        ? html`<${Closed} chosen=${chosen} onChoose=${setChosen} />`
        : html`<${List} works=${tab === "inactive" ? parked : working} chosen=${chosen} onChoose=${setChosen} me=${me}>
            ${tab === "inactive" ? t("desk.none_inactive") : t("desk.none_open")}
          <//>`}
      <${Nothing} me=${me} status=${status} offers=${offers} />
      <footer class="aside"><button class="plain" onClick=${() => setHelp(true)}>${t("keys")} <kbd>?</kbd></button></footer>
    </section>
    ${chosen
      ? html`<${Work} key=${chosen} id=${chosen} live=${open} me=${me} asking=${asking} onAsk=${setAsking} onChange=${change}
          onWrapUp=${(work, body) => act("POST", `${MINE}/${work.engagement_id}/wrap_up`, body)} />`
      : html`<section class="work"><${Empty}>${t("desk.choose")}<//></section>`}
    ${asking?.what === "decline" && html`<${Decline} offer=${asking.work} onClose=${() => setAsking(null)} onDecline=${decline} />`}
    ${help && html`<${Shortcuts} on=${keysOn} onChange=${setKeysOn} onClose=${() => setHelp(false)} />`}
  </div>`;
}

function List({ works, chosen, onChoose, me, children }) {
  const now = useNow(10_000);
  if (!works.length) return html`<${Empty}>${children}<//>`;
  return html`<ul class="list">
    ${[...works].sort(byDue).map((each) => html`<li key=${each.engagement_id}>
      <button type="button" class="item" aria-current=${each.engagement_id === chosen ? "true" : undefined} onClick=${() => onChoose(each.engagement_id)}>
        <span class="name">${each.work_item_variables.work_item_name}</span>
        <span class="facts">
          <span class="chip ${each.channel}">${word("channel", each.channel)}</span>
          <span>${queueName(me, each.queue_id)}</span>
          <${Due} text=${each.work_item_variables.work_item_due_date} now=${now} />
          ${each.state === "wrap_up" && html`<span class="chip warn">${word("state", "wrap_up")}</span>`}
          ${each.wake_at && html`<span>${t("desk.wakes", { at: when(each.wake_at) })}</span>`}
        </span>
      </button>
    </li>`)}
  </ul>`;
}

function Closed({ chosen, onChoose }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    get(`engagements?state=closed&user_id=me&page_size=${SHOWN_CLOSED}`).then((page) => setFound(page.engagements), setProblem);
  }, []);
  if (problem) return html`<${Refusal} problem=${problem} />`;
  if (!found) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  if (!found.length) return html`<${Empty}>${t("desk.none_closed")}<//>`;
  return html`<ul class="list">
    ${found.map((each) => html`<li key=${each.engagement_id}>
      <button type="button" class="item" aria-current=${each.engagement_id === chosen ? "true" : undefined} onClick=${() => onChoose(each.engagement_id)}>
        <span class="name">${each.work_item_variables.work_item_name}</span>
        <span class="facts"><span>${word("end", each.end_reason)}</span><span>${when(each.end_time)}</span></span>
      </button>
    </li>`)}
  </ul>`;
}

/** When it is due, by word and sign as well as by colour. */
export function Due({ text, now }) {
  if (!text) return null;
  const left = (moment(text) - now) / 1000;
  if (Number.isNaN(left)) return html`<span class="chip">${t("due.at", { at: text })}</span>`;
  if (left < 0) return html`<span class="chip bad">! ${t("due.late", { by: span(-left) })}</span>`;
  return html`<span class="chip ${left < 3600 ? "warn" : ""}">${t("due.in", { in: span(left) })}</span>`;
}

function Decline({ offer, onClose, onDecline }) {
  async function send(event) {
    event.preventDefault();
    const reason = new FormData(event.target).get("reason");
    onClose();
    await onDecline(offer, reason);
  }
  return html`<${Dialog} title=${t("decline.title")} onClose=${onClose}>
    <form onSubmit=${send}>
      <label>${t("decline.reason")}<input name="reason" maxlength="255" autofocus /></label>
      <button class="primary">${t("decline")}</button>
    </form>
  <//>`;
}

export function queueName(me, queueId) {
  return me.queues.find((each) => each.queue_id === queueId)?.queue_name || queueId;
}

function byDue(one, other) {
  const due = ({ work_item_variables: { work_item_due_date: text } }) => (text && moment(text)) || Number.MAX_VALUE;
  return due(one) - due(other) || (one.assigned_time || "").localeCompare(other.assigned_time || "");
}

function byDeadline(one, other) {
  return one.offer_expires_at.localeCompare(other.offer_expires_at);
}
