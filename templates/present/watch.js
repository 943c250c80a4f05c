/**
 * Keeps an open deck as its outline is: takes over what changed, slide by slide, and says what is wrong with the outline.
 *
 * The page's script tag holds its revision. The server's news name the revision that the deck now has; where they also
 * say what changed of the page's own, that is put in place and nothing else is touched, so that the slide, its step and
 * what is typed into a live block stay. Otherwise the page is loaded again, at the slide and the step where it was.
 */

const me = document.currentScript ?? document.querySelector("script[data-revision]");
const mine = { revision: me.dataset.revision };
const KEPT = /^(data-bespoke|aria-hidden$)/; // what Marp's own script writes on elements

function listen() {
  const source = new EventSource("/watch");
  source.onmessage = ({ data }) => take(JSON.parse(data));
  addEventListener("pagehide", () => source.close(), { once: true });
}

function take(news) {
  if (news.problems) showProblems(news.problems);
  const { revision, from, moved } = news;
  if (revision === undefined || revision === mine.revision) return;
  const known = from === mine.revision;
  const isSlidev = document.querySelector("#app") !== null; // whose own server replaces what changed
  if (isSlidev && known) goTo(moved);
  if (isSlidev || (known && news.slides && patch(news))) mine.revision = revision;
  else {
    if (known) goTo(moved);
    location.reload();
  }
}

/** Goes to where the slide that is shown is now; in Marp for the next time that the page is loaded. */
function goTo(moved) {
  const [, path, slide] = /^#(\/(?:presenter\/)?)?(\d+)/.exec(location.hash) ?? [];
  const next = moved?.[Number(slide) - 1] + 1;
  if (!next || next === Number(slide)) return;
  if (path) location.hash = `#${path}${next}`;
  else history.replaceState(history.state, "", `${location.search || location.pathname}#${next}`);
}

/** Puts what changed in its place; false where that cannot be done without loading the page again. */
function patch({ slides, styles, notes }) {
  const deck = document.querySelectorAll("#\\:\\$p > svg[data-marpit-svg]");
  for (const [number, html] of Object.entries(slides)) {
    const slide = deck[number];
    const steps = slide && stepsOf(slide);
    if (!slide || !morph(slide, parse(html).querySelector("svg"), true)) return false;
    const now = stepsOf(slide);
    if (now.length !== steps.length || now.some((step, i) => step !== steps[i])) return false;
  }
  const sheets = document.head.querySelectorAll("style");
  for (const [number, css] of Object.entries(styles)) sheets[number].textContent = css;
  return notes === null || patchNotes(parse(notes));
}

const parse = (html) => new DOMParser().parseFromString(html, "text/html").body;
const stepsOf = (slide) => [...slide.querySelectorAll("[data-marpit-fragment]")];

function patchNotes(notes) {
  const numbers = (root) => [...root.querySelectorAll(".bespoke-marp-note")].map((note) => note.dataset.index);
  if (String(numbers(document)) !== String(numbers(notes))) return false;
  for (const note of notes.querySelectorAll(".bespoke-marp-note"))
    document.querySelector(`.bespoke-marp-note[data-index="${note.dataset.index}"]`).innerHTML = note.innerHTML;
  return true;
}

/** Makes `old` like `fresh` and keeps every element that may stay; false where a script would have to run again. */
function morph(old, fresh, isSlide = false) {
  if (!isSlide) for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !KEPT.test(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (!isSlide && old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [was, now] = [[...old.childNodes], [...fresh.childNodes]];
  if (was.length !== now.length && [...was, ...now].some((node) => node.nodeName === "SCRIPT")) return false;
  for (let i = 0; i < now.length; i++) if (!replace(old, was[i], now[i])) return false;
  was.slice(now.length).forEach((node) => node.remove());
  return true;
}

function replace(parent, old, fresh) {
  if (old?.nodeName === "SCRIPT" && fresh.nodeName === "SCRIPT") return true; // those of the frame, the same in both
  if (old && old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName) {
    if (fresh.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return true;
    }
    if (!isLive(old)) return morph(old, fresh);
    if (old.isEqualNode(fresh)) return true;
  }
  const made = document.importNode(fresh, true);
  if (old) old.replaceWith(made);
  else parent.append(made);
  return made.nodeName !== "SCRIPT" && !made.querySelector?.("script");
}

/** Whether an element reads its attributes once, when it is put in place. */
const isLive = (element) => element.localName.startsWith("talkgen-") || ["iframe", "video", "audio", "pre"].includes(element.localName);

/** The outline's problems in a corner of the page, and nothing once they are mended. */
function showProblems(problems) {
  if (document.body.dataset.bespokeView === "next") return;
  document.querySelector("#talkgen-problems")?.remove();
  if (!problems.length) return;
  const box = document.createElement("div");
  box.id = "talkgen-problems";
  box.setAttribute("role", "alert");
  box.style.cssText =
    "position:fixed;left:12px;bottom:12px;z-index:99999;max-width:min(60em,70vw);max-height:40vh;overflow:auto;padding:8px 14px;" +
    "font:14px/1.45 ui-monospace,monospace;white-space:pre-wrap;color:#fff;background:#7f1d1dee;border-radius:6px";
  box.textContent = problems.join("\n");
  document.body.append(box);
}

listen();
