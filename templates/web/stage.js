/**
 * Whether an element is what the audience looks at: on the active slide of the presenting view, and nowhere else.
 *
 * Marp keeps every slide in one document and loads that document again in its presenter and overview windows; Slidev
 * mounts slides ahead of time, again in its overview, and again as the presenter's previews. Work done there would run
 * every demo of the deck at once, and an open connection keeps an exporter waiting, so there an element stays silent.
 */

const CHECK_EVERY = 200; // ms; far below what an audience notices, and cheaper than an observer for each tool

const KEPT_FROM_THE_DECK = ["keydown", "keypress", "wheel", "touchstart", "touchmove", "touchend"];

/** Keeps what is typed and dragged inside `frame` from turning slides, `when` that is so. */
export function keepFromTheDeck(frame, when = () => true) {
  // Deck tools listen on the document and take the element, not the box in it, for the target.
  KEPT_FROM_THE_DECK.forEach((name) => frame.addEventListener(name, (event) => when() && event.stopPropagation(), { passive: true }));
}

/** Whether `element` is on stage now; a deck in a frame of its own server is a picture of it. */
export function isOnStage(element) {
  if (window.frameElement || !element.isConnected || document.hidden || matchMedia("print").matches) return false;
  if (isBehindOverview()) return false;
  const marp = element.closest("svg[data-marpit-svg]");
  if (marp) return marp.classList.contains("bespoke-marp-active") && document.body.dataset.bespokeView === "";
  if (element.closest(".slidev-layout, [data-slidev-no]")) return isOnSlidevStage(element);
  return isInSight(element);
}

/** Whether all slides lie over the one on stage: Marp's own overview in a frame, or Slidev's. */
function isBehindOverview() {
  if (document.querySelector('.bespoke-marp-overview[data-open="1"]')) return true;
  return document.querySelector(".z-modal.overflow-y-auto.select-none")?.checkVisibility() ?? false;
}

/** The number of the slide that this page shows, from 1 on: of the address, or, where Slidev has a name there, as it shows. */
export function slideOnStage() {
  const said = /^#(?:\/(?:presenter\/)?)?(\d+)(?![^?])/.exec(location.hash)?.[1];
  const slides = said ? [] : [...document.querySelectorAll("#slideshow > [data-slidev-no]")];
  const shown = slides.find((slide) => slide.checkVisibility() && !/-leave-/.test(slide.className));
  return Number(said ?? shown?.dataset.slidevNo ?? 1);
}

function isOnSlidevStage(element) {
  // Only the audience's and the presenter's main view have this container; both also serve an exporter.
  const main = element.closest("#slide-container") !== null;
  return main && !/[?&]print\b|\/presenter\/[^/]+$/.test(location.href) && isInSight(element);
}

function isInSight(element) {
  const box = element.getBoundingClientRect();
  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return seen && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

/** Calls `changed(onStage)` now and whenever it changes; returns a function that stops watching. */
export function watchStage(element, changed) {
  let last = null;
  const check = () => {
    const now = isOnStage(element);
    if (now !== last) changed((last = now));
  };
  const timer = setInterval(check, CHECK_EVERY);
  check();
  return () => clearInterval(timer);
}
