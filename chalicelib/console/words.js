// The words of the console, from one catalogue a language.
const LANGUAGES = ["en", "fr"];
const CHOSEN = "interleave.language";
let words = {};
export let language = "en";
export { LANGUAGES };

export async function load(wanted) {
  const asked = [wanted, localStorage.getItem(CHOSEN), ...navigator.languages.map((each) => each.slice(0, 2))];
  language = asked.find((each) => LANGUAGES.includes(each)) || "en";
  if (wanted) localStorage.setItem(CHOSEN, language);
  words = await (await fetch(new URL(`${language}.json`, import.meta.url))).json();
  document.documentElement.lang = language;
}

/** The text of a key, with its {places} filled. A number `n` of one takes the key's `.one`, where there is one. */
export function t(key, given = {}) {
  const text = (given.n === 1 && words[`${key}.one`]) || words[key] || key;
  return text.replace(/\{(\w+)\}/g, (_, name) => given[name] ?? "");
}

/** A word of the API, such as a state or a reason, as people say it; as it is where there is no word for it. */
export function word(kind, value) {
  return words[`${kind}.${value}`] || String(value ?? "").replace(/_/g, " ");
}

/** A time of the API as epoch milliseconds. Work may say one without a zone, which is UTC there; NaN for what the
    API reads and browsers do not, such as 20261001T120000Z. */
export function moment(text) {
  const hasHour = /\d[T ]\d/.test(text);
  if (hasHour && !/([zZ]|[+-]\d\d(:?\d\d)?)$/.test(text)) return Date.parse(`${text}Z`);
  return Date.parse(hasHour ? text.replace(/[+-]\d\d$/, "$&:00") : text);
}

export function when(text) {
  if (!text) return "";
  const date = new Date(moment(text));
  if (Number.isNaN(date.getTime())) return text;
  const today = date.toDateString() === new Date().toDateString();
  const shown = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, shown).format(date);
}

/** A day; with its hour, where it begins at another one than here. */
export function day(text) {
  const date = new Date(text);
  const shown = date.getHours() + date.getMinutes() ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(language, shown).format(date);
}

/** What an engagement's clocks have said, without what was only a warning of it. */
export function flagsOf(work) {
  const flags = work.flags || [];
  return flags.filter((each) => !(each.endsWith("at_risk") && flags.includes(each.replace("at_risk", "breached"))));
}

/** Seconds as 4 s, 3 min, 2 h 05 or 3 d. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(whole / 86400)} ${t("unit.days")}`;
}
