/**
 * Slides with `fit: shrink`: what is on one becomes smaller, all of it alike, until it is inside the slide's margins.
 *
 * No text becomes smaller than the floor in the slide's class, `tg-fit-20`; what does not fit even then stays too tall,
 * and is measured so. Computed figures keep their size (see blocks.css.j2), since their text is drawn at its smallest.
 */

const FITTED = '[class*="tg-fit-"]';
const APART = ".tg-background, .tg-anchor, .tg-page, header, footer, script, style"; // stand on the slide, not in its text
const WHOLE = "mjx-container, .katex, talkgen-live, talkgen-tokens, talkgen-app"; // their text is as large as they say
const SMALL = "sup, sub, .tg-credit, figcaption + figcaption"; // and small by nature
const STEPS = 7; // of halving: a hundredth

const partsOf = (slide) => [...slide.children].filter((part) => !part.matches(APART));

/** How far the text of a slide may shrink, as a share of its size. */
function least(slide) {
  const floor = Number(/tg-fit-(\d+)/.exec(slide.className)[1]);
  let smallest = Infinity;
  const visit = (element) => {
    if (element.matches(SMALL)) return;
    const isWhole = element.matches(WHOLE);
    if (isWhole || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) {
      smallest = Math.min(smallest, parseFloat(getComputedStyle(element).fontSize));
    }
    if (!isWhole) for (const child of element.children) visit(child);
  };
  partsOf(slide).forEach(visit);
  return Math.min(1, floor / Math.min(smallest, 100));
}

/** Whether all parts are inside the slide's margins. */
function holds(slide) {
  const frame = slide.getBoundingClientRect();
  const look = getComputedStyle(slide);
  const scale = frame.width / slide.offsetWidth;
  const room = (side) => parseFloat(look[`padding${side}`]) * scale - 1;
  return partsOf(slide).every((part) => {
    const box = part.getBoundingClientRect();
    if (!box.width || getComputedStyle(part).position === "absolute") return true;
    return (
      box.top >= frame.top + room("Top") &&
      box.bottom <= frame.bottom - room("Bottom") &&
      box.right <= frame.right - room("Right") &&
      part.scrollWidth <= part.clientWidth + 1
    );
  });
}

function fit(slide) {
  if (!slide.offsetWidth) return;
  const shrink = (share) => slide.style.setProperty("--tg-fit", share.toFixed(3));
  shrink(1);
  if (holds(slide)) return;
  let low = least(slide);
  let high = 1;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    shrink(middle);
    if (holds(slide)) low = middle;
    else high = middle;
  }
  shrink(low);
}

// Fires before a slide is first painted, in either tool, and whenever what is on it grows.
const sizes = new ResizeObserver((entries) => {
  new Set(entries.map(({ target }) => target.closest(FITTED)).filter(Boolean)).forEach(fit);
});

function watch(slide) {
  sizes.observe(slide);
  partsOf(slide).forEach((part) => sizes.observe(part));
}

const watchAll = (root) => root.querySelectorAll(FITTED).forEach(watch);

watchAll(document);
new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    if (target.closest?.(FITTED)) watch(target.closest(FITTED));
    addedNodes.forEach((node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(FITTED) ? watch(node) : watchAll(node)));
  }
}).observe(document.documentElement, { childList: true, subtree: true });
document.fonts.ready.then(() => document.querySelectorAll(FITTED).forEach(fit));
