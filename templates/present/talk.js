/**
 * What the presenter's pages ask of the server, and the clock: the same for the panel and the remote.
 */

const EVERY = 300; // ms
const PATIENCE = 2000; // ms for an answer
const TALK_EVERY = 1000; // ms; notes may be written meanwhile
const NAME = crypto.randomUUID?.() ?? `window-${Math.random().toString(36).slice(2)}`; // only https has the former

/** The JSON at `path`; with a body it is sent. */
export async function ask(path, body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(path, { ...sent, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  return reply.json();
}

/** Calls `show(talk, now)` again and again as a page of this `kind`; `now` is null while the server does not answer. */
export async function follow(kind, show) {
  let talk = { slides: [], room: "", reached: false };
  let asked = -Infinity;
  for (;;) {
    let now = null;
    try {
      if (performance.now() - asked > TALK_EVERY) {
        talk = await ask("/present/panel/talk");
        asked = performance.now();
      }
      now = await ask(`/present/panel?window=${NAME}&kind=${kind}`);
    } catch {
      now = null;
    }
    show(talk, now);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

/** Has the deck turn a step. */
export function turn(direction) {
  ask("/present/stage/press", { turn: direction }).catch(() => {}); // the next look at the server says that it is gone
}

/** Minutes and seconds. */
export function minutes(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  return `${seconds < 0 ? "−" : ""}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How the time stands against the plan, in words; `late` where this slide should be over. */
export function plan(slides, slide, seconds) {
  const total = sum(slides);
  if (!total) return { text: "", late: false };
  const until = sum(slides.slice(0, slide)); // this slide's end
  if (seconds === null) return { text: `of ${minutes(total)}`, late: false };
  const behind = seconds - until;
  const before = sum(slides.slice(0, Math.max(0, slide - 1))) - seconds; // this slide's beginning is yet to come
  const said = behind > 0 ? `${minutes(behind)} behind` : before > 0 ? `${minutes(before)} ahead` : "in time";
  return { text: `of ${minutes(total)} · ${said}`, late: behind > 0 };
}

function sum(slides) {
  return slides.reduce((total, slide) => total + 60 * (slide.minutes ?? 0), 0);
}
