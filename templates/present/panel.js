/**
 * The presenter's panel: the slide on stage and the next one, the notes, the clock, and how the models are.
 */

import { goTo, placeOf, previewAddress } from "./deck.js";
import { ask, follow, minutes, plan, turn } from "./talk.js";

const LAST_STEP = 999; // of the next slide: all that will stand on it
const KEYS = { ArrowRight: "next", PageDown: "next", " ": "next", ArrowLeft: "previous", PageUp: "previous" };
const STATES = { ready: "models answer", loading: "models are loading", failed: "no model answers", gone: "the server does not answer; the slides go on" };

const part = (id) => document.getElementById(id);
let slide = 0;
let forced = {};
let running = false;
let live = []; // the names of what is live on this slide
let shownNotes = null;

/** A still picture of the deck in `place`, made when it is first asked for. */
class Picture {
  constructor(place) {
    this.place = place;
    new ResizeObserver(() => this.#fit()).observe(place);
  }

  show(slidev, where, last) {
    const there = where.slide <= last;
    const key = there && `${where.slide} ${where.step}`;
    if (key === this.key && !this.#hasStrayed(where)) return;
    this.key = key;
    if (!there) return this.#end();
    if (!this.frame?.contentWindow?.document.body?.children.length) return this.#open(slidev, where);
    goTo(this.frame.contentWindow, where);
  }

  /** Whether a deck that was still beginning when it was sent somewhere began elsewhere after all. */
  #hasStrayed({ slide }) {
    const page = this.frame?.contentWindow;
    return page?.document.readyState === "complete" && page.location.pathname === "/" && placeOf(page).slide !== slide;
  }

  #open(slidev, where) {
    this.frame = document.createElement("iframe");
    this.frame.tabIndex = -1;
    this.frame.title = this.place.getAttribute("aria-label");
    this.frame.src = previewAddress(slidev, where);
    this.place.replaceChildren(this.frame);
    this.#fit();
  }

  #end() {
    const words = document.createElement("p");
    words.textContent = "the end";
    this.place.replaceChildren(words);
    this.frame = null;
  }

  #fit() {
    if (this.frame) this.frame.style.scale = this.place.clientWidth / 1280;
  }
}

const pictures = { now: new Picture(part("now")), next: new Picture(part("next")) };

function showModels({ health, times, windows, visitors }) {
  part("health").dataset.state = health.status;
  part("health").textContent = STATES[health.status];
  part("models").textContent = health.models
    .map(({ label, device, note }) => `${label} on ${device}${note ? ` (${note})` : ""}`)
    .join(" · ");
  part("times").textContent = times.count ? `p50 ${times.p50} ms · p95 ${times.p95} ms` : "nothing asked yet";
  const decks = `${windows.deck} ${windows.deck === 1 ? "window" : "windows"}`;
  part("there").textContent = `${decks} · ${windows.remote ? "remote" : "no remote"} · ${visitors} in the room`;
}

function showForced() {
  part("force-what").textContent = live.length ? live.join(", ") : "nothing live here";
  document.querySelectorAll("[data-mode]").forEach((button) => {
    const { scope, mode } = button.dataset;
    button.disabled = scope === "slide" && !live.length;
    button.setAttribute("aria-pressed", forced[scope === "all" ? "all" : slide] === mode);
  });
}

async function force(wanted) {
  forced = await ask("/present/stage/force", wanted);
  showForced();
}

function showSlide(talk, { stage, seconds }, slidev) {
  slide = stage.slide;
  const last = talk.slides.length;
  const about = talk.slides[slide - 1];
  part("title").textContent = about?.title ?? "";
  part("where").textContent = slide ? `${slide} of ${last}` : "no deck is open";
  if (slide) {
    pictures.now.show(slidev, stage, last);
    pictures.next.show(slidev, { slide: slide + 1, step: LAST_STEP }, last);
  }
  part("next-title").textContent = talk.slides[slide]?.title ?? "";
  const notes = about?.notes || "no notes";
  if (notes !== shownNotes) {
    part("notes").textContent = shownNotes = notes;
    part("notes").scrollTop = 0;
  }
  running = seconds !== null;
  part("clock").textContent = minutes(seconds ?? 0);
  part("run").textContent = running ? "Clock to 0:00" : "Start the clock";
  const { text, late } = plan(talk.slides, slide, seconds);
  part("planned").textContent = text;
  part("clock").toggleAttribute("data-late", late);
}

document.querySelectorAll("[data-turn]").forEach((button) => {
  button.addEventListener("click", () => turn(button.dataset.turn));
});
document.querySelectorAll("[data-mode]").forEach((button) => {
  button.addEventListener("click", () => {
    const { scope, mode } = button.dataset;
    const name = scope === "all" ? "all" : slide;
    const wanted = forced[name] === mode ? null : mode;
    force({ slide: scope === "all" ? null : slide, mode: wanted }).catch(() => {});
  });
});
part("run").addEventListener("click", () => ask("/present/stage/clock", { running: !running }).catch(() => {}));
part("show-codes").addEventListener("click", () => {
  document.querySelectorAll("[data-page]").forEach((image) => {
    image.src = `/present/panel/qr?page=${image.dataset.page}`;
  });
  part("codes").showModal();
});
document.addEventListener("keydown", (event) => {
  const direction = KEYS[event.key];
  if (!direction || event.target.closest("button, dialog, .notes")) return;
  event.preventDefault();
  turn(direction);
});

const page = await (await fetch("/", { cache: "no-store" })).text();
const slidev = page.includes('property="slidev:version"');
follow("panel", (talk, now) => {
  if (!now) {
    part("health").dataset.state = "gone";
    part("health").textContent = STATES.gone;
    return;
  }
  forced = now.forced;
  part("room").textContent = talk.room;
  part("unreached").hidden = talk.reached;
  document.querySelector(".codes").hidden = !talk.reached; // an address that no phone can open is no help
  showSlide(talk, now, slidev);
  showModels(now);
  live = talk.slides[slide - 1]?.live ?? [];
  showForced();
});
