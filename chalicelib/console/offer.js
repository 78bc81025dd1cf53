// An offer: what it is, how long it stands, and the two answers to it.
import { Due, queueName } from "./desk.js";
import { Bar, html, useEffect, useNow, useRef, useState } from "./ui.js";
import { t, word } from "./words.js";

const USUAL_SECONDS = 30;

export function OfferCard({ offer, me, onAccept, onDecline }) {
  const now = useNow(250);
  const ends = Date.parse(offer.offer_expires_at);
  const whole = useRef(Math.max(USUAL_SECONDS, (ends - now) / 1000));
  const left = Math.max(0, Math.ceil((ends - now) / 1000));
  const work = offer.work_item_variables;
  const host = hostOf(work.work_item_hyperlink);
  return html`<article class="offer ${left <= 10 ? "urgent" : ""}" aria-label=${t("offer.of", { name: work.work_item_name })}>
    <header>
      <span class="chip ${offer.channel}">${word("channel", offer.channel)}</span>
      <span>${queueName(me, offer.queue_id)}</span>
      <span class="left" role="timer" aria-label=${t("offer.left", { n: left })}>${left} s</span>
    </header>
    <${Bar} value=${left} of=${whole.current} />
    <h2>${work.work_item_name}</h2>
    <p class="facts">
      ${work.work_item_priority !== undefined && html`<span>${t("priority")} ${work.work_item_priority}</span>`}
      <${Due} text=${work.work_item_due_date} now=${now} />
      ${host && html`<span class="host">${host}</span>`}
      ${offer.consumers[0] && html`<span>${offer.consumers[0].consumer_display_name}</span>`}
    </p>
    <div class="answers">
      <button class="primary" onClick=${onAccept}>${t("accept")} <kbd>A</kbd></button>
      <button onClick=${onDecline}>${t("decline")} <kbd>D</kbd></button>
    </div>
  </article>`;
}

/** Says each new offer to a screen reader, and with a sound to whoever has asked for one. What is said is new by its
    key: offers of the same name are said one by one. */
export function HeardOffers({ offers, me }) {
  const [sound, setSound] = useState(false);
  const [said, setSaid] = useState([]);
  const known = useRef(new Set());
  const audio = useRef(null);
  useEffect(() => {
    const fresh = offers.filter((each) => !known.current.has(each.offer_id));
    known.current = new Set(offers.map((each) => each.offer_id));
    if (fresh.length || !offers.length) setSaid(fresh);
    if (fresh.length && sound) ring(audio.current);
  }, [offers.map((each) => each.offer_id).join()]);
  function choose(event) {
    setSound(event.target.checked);
    if (event.target.checked && !audio.current) audio.current = new AudioContext();
  }
  return html`<div>
    <p class="unseen" aria-live="assertive">${said.map((each) => html`<span key=${each.offer_id}>${newOffer(each, me)} </span>`)}</p>
    <label class="check"><input type="checkbox" checked=${sound} onChange=${choose} /> ${t("offer.sound")}</label>
  </div>`;
}

function newOffer(offer, me) {
  return t("offer.new", { name: offer.work_item_variables.work_item_name, queue: queueName(me, offer.queue_id) });
}

function ring(context) {
  const tone = context.createOscillator();
  const volume = context.createGain();
  volume.gain.setValueAtTime(0.15, context.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.6);
  tone.frequency.value = 660;
  tone.connect(volume).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.6);
}

export function hostOf(link) {
  try {
    return link ? new URL(link).host : "";
  } catch {
    return "";
  }
}
