// Timers that keep their time. A browser slows those of a window in the background down to one a minute, in which an
// offer comes and goes; it leaves those of a worker alone.
const worker = new Worker(new URL("./alarms-worker.js", import.meta.url));
const waiting = new Map();
let last = 0;

worker.onmessage = ({ data: id }) => {
  const act = waiting.get(id);
  waiting.delete(id);
  act?.();
};

/** Do something after so many milliseconds; the id to cancel it by. */
export function after(ms, act) {
  waiting.set(++last, act);
  worker.postMessage({ id: last, ms });
  return last;
}

export function cancel(id) {
  waiting.delete(id);
}
