// What every view is made of.
import { h, render } from "./vendor-preact.js";
import { useCallback, useEffect, useRef, useState } from "./vendor-hooks.js";
import htm from "./vendor-htm.js";
import { now } from "./api.js";
import { t } from "./words.js";

export { render, useCallback, useEffect, useRef, useState };
export const html = htm.bind(h);

/** The server's time, moving. */
export function useNow(everyMs = 1000) {
  const [at, setAt] = useState(now());
  useEffect(() => {
    const timer = setInterval(() => setAt(now()), everyMs);
    return () => clearInterval(timer);
  }, []);
  return at;
}

/** A dialog that takes the keyboard, and gives it back. */
export function Dialog({ title, onClose, wide, children }) {
  const dialog = useRef();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  function leave(event) {
    event.preventDefault();
    dialog.current.close();
    onClose(); // at once: by the time the browser tells of it, the next dialog may have been asked for
  }
  return html`<dialog ref=${dialog} class=${wide ? "wide" : ""} aria-label=${title} onCancel=${leave} onClose=${() => dialog.current && onClose()}>
    <header><h2>${title}</h2>
      <button type="button" class="plain" aria-label=${t("dismiss")} onClick=${leave}>✕</button>
    </header>
    ${children}
  </dialog>`;
}

/** A form whose sending shows what was refused. Its button is never disabled, which would take the keyboard from it. */
export function Form({ onSend, children, label, className }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  async function send(event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await onSend(new FormData(event.target), event);
    } catch (refused) {
      setProblem(refused);
    }
    setBusy(false);
  }
  return html`<form onSubmit=${send} class=${className} aria-busy=${busy}>
    ${children}
    <${Refusal} problem=${problem} />
    ${label && html`<button class="primary" aria-disabled=${busy}>${label}</button>`}
  </form>`;
}

export function Refusal({ problem }) {
  if (!problem) return null;
  const said = problem.status === 0 ? t(problem.asksAgain ? "offline" : "unanswered") : problem.message;
  return html`<div class="refusal" role="alert">
    <p>${said}</p>
    ${problem.fields?.length > 0 && html`<ul>${problem.fields.map((each) => html`<li>${each}</li>`)}</ul>`}
    ${problem.remedy && html`<p>${problem.remedy}</p>`}
  </div>`;
}

/** How much of something is taken, in words and as a bar. */
export function Bar({ value, of, label, tone = "" }) {
  const part = of > 0 ? Math.min(1, Math.max(0, value / of)) : 0;
  const said = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<span class="bar ${tone}" ...${said}>
    <span style=${{ width: `${100 * part}%` }}></span>
  </span>`;
}

export function Empty({ children }) {
  return html`<p class="empty">${children}</p>`;
}

export function Tabs({ label, tabs, chosen, onChoose }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${tabs.map(
      ([id, name, count]) => html`<button type="button" aria-pressed=${id === chosen} onClick=${() => onChoose(id)}>
        ${name}${count === undefined ? "" : html` <span class="count">${count}</span>`}
      </button>`,
    )}
  </nav>`;
}

/** Keys that do something while nobody is typing. */
export function useKeys(keys, on = true) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!on) return undefined;
    function press(event) {
      const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
      if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = latest.current[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [on]);
}
