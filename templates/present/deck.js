/**
 * Where a window's deck is, and how it goes elsewhere: the one place that knows Marp's and Slidev's addresses.
 *
 * A place is a slide, from 1 on, and how many of its steps are shown.
 */

const KEYS = { next: "ArrowRight", previous: "ArrowLeft" };

/** Whether `page` is a deck that can be driven: Marp's own view or its presenter's, or Slidev's main or presenter's. */
export function isDeck(page) {
  const view = page.document.body.dataset.bespokeView;
  if (view !== undefined) return view === "" || view === "presenter";
  return isSlidev(page) && page.document.querySelector("#slideshow") !== null; // its overview and its notes have none
}

function isSlidev(page) {
  return page.document.querySelector('meta[property="slidev:version"]') !== null;
}

/** Where the deck in `page` is. */
export function placeOf(page) {
  const { hash, search } = page.location;
  if (!isSlidev(page)) return { slide: number(hash.slice(1), 1), step: number(new URLSearchParams(search).get("f"), 0) };
  const [, slide, query] = /^#\/(?:presenter\/)?([^?]*)\??(.*)$/.exec(hash) ?? [];
  return { slide: number(slide, number(shownSlide(page), 1)), step: number(new URLSearchParams(query).get("clicks"), 0) };
}

/** The number of the slide that Slidev shows: its address may be a name. What is on its way out is not shown any more. */
function shownSlide(page) {
  const slides = [...page.document.querySelectorAll("#slideshow > [data-slidev-no]")];
  return slides.find((slide) => slide.checkVisibility() && !/-leave-/.test(slide.className))?.dataset.slidevNo;
}

function number(text, otherwise) {
  return /^\d+$/.test(text ?? "") ? Number(text) : otherwise;
}

/** Has the deck in `page` go to a place. */
export function goTo(page, { slide, step }) {
  if (isSlidev(page)) {
    const presenter = page.location.hash.startsWith("#/presenter/") ? "presenter/" : "";
    page.location.hash = `#/${presenter}${slide}${step ? `?clicks=${step}` : ""}`;
    return;
  }
  const query = new URLSearchParams(page.location.search);
  query.delete("f");
  if (step) query.set("f", step);
  const search = query.size ? `?${query}` : page.location.pathname;
  page.history.replaceState(page.history.state, "", `${search}#${slide}`);
  page.dispatchEvent(new page.PopStateEvent("popstate"));
}

/** Turns a step of the deck in `page`, as its own keys do. */
export function press(page, turn) {
  const key = KEYS[turn];
  page.document.dispatchEvent(new page.KeyboardEvent("keydown", { key, code: key, bubbles: true }));
  page.document.dispatchEvent(new page.KeyboardEvent("keyup", { key, code: key, bubbles: true }));
}

/** The address of a still picture of a deck, for a frame: no controls, nothing live. */
export function previewAddress(slidev, { slide, step }) {
  if (slidev) return `/?embedded=true#/${slide}?clicks=${step}&embedded=true`;
  return `/?view=next&f=${step}#${slide}`;
}
