/**
 * Keeps the presenter's windows at the same slide: says where this one went, goes where another went, and presses the
 * key that a remote asks for. Put into the deck's page by the presenting server; a window in a frame is a picture.
 */

import { goTo, isDeck, placeOf, press } from "./deck.js";

const EVERY = 150; // ms
const BETWEEN = 50; // ms from key to key: of several at once Slidev heeds one
const PATIENCE = 1000; // ms for an answer; the slides go on without
const NAME = crypto.randomUUID?.() ?? `window-${Math.random().toString(36).slice(2)}`; // only https has the former

let said = null; // where this window was when it was last said or followed
let version = null; // of the stage, as this window knows it

async function ask(path, body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(path, { ...sent, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  return reply.json();
}

async function keepUp() {
  const here = placeOf(window);
  if (said && !isSame(here, said)) {
    said = here;
    version = (await ask("/present/stage", { window: NAME, ...here })).version;
    return;
  }
  const stage = await ask(`/present/stage?window=${NAME}&kind=deck`);
  const followed = stage.version !== version && stage.slide > 0 && !(said === null && isAtAPlaceOfItsOwn());
  if (followed) {
    version = stage.version;
    said = { slide: stage.slide, step: stage.step };
    if (!isSame(here, said)) goTo(window, said);
  } else if (said === null || stage.slide === 0) {
    said = here;
    version = (await ask("/present/stage", { window: NAME, ...here })).version;
  }
  for (const turn of stage.press) {
    press(window, turn);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
}

/** Whether this window was opened at another slide than the first, which is somebody's wish. */
function isAtAPlaceOfItsOwn() {
  const { slide, step } = placeOf(window);
  return slide > 1 || step > 0;
}

function isSame(a, b) {
  return a.slide === b.slide && a.step === b.step;
}

async function watch() {
  for (;;) {
    if (isDeck(window)) await keepUp().catch(() => {}); // a server that is gone keeps nobody from turning slides
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

if (window === window.top) watch();
