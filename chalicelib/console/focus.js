// Where the keyboard is. What is drawn anew may take the focused element away; without this, the next Tab would begin
// at the top of the page.
const PLACES = "section, article, dialog, main, #console";

/** Keep the keyboard where it was: as near as possible to what has gone. */
export function keepFocus(root) {
  let around = []; // the focused element, then the places it is in
  addEventListener("focusin", ({ target }) => {
    around = [target];
    for (let place = target.parentElement; place; place = place.parentElement) if (place.matches(PLACES)) around.push(place);
  });
  addEventListener("focusout", () => queueMicrotask(() => {
    if (nowhere() && around[0]?.isConnected) around = []; // it was left, not lost
  }));
  new MutationObserver(() => {
    if (!nowhere() || !around.length || around[0].isConnected) return;
    const place = around.find((each) => each.isConnected);
    if (place) focusOn(place);
  }).observe(root, { childList: true, subtree: true });
}

/** Put the keyboard on a part of the page; by itself, that part is not to be reached by Tab. */
export function focusOn(place, preventScroll = true) {
  place.tabIndex = -1;
  place.focus({ preventScroll });
}

function nowhere() {
  return !document.activeElement || document.activeElement === document.body;
}
