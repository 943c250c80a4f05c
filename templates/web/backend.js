/**
 * The page's one line to the server it came from: which models are there, and their answers.
 *
 * Nothing is asked while nobody listens, and nothing ever of another origin; a page opened from disk asks nothing.
 */

import { slideOnStage } from "./stage.js";

const POLL_EVERY = 300; // ms; with the patience below, a server that is gone or stopped is known within a second
const PATIENCE = 550; // ms
const SOON = 100; // ms until a server that had no time for the question is asked again
const LOOK_EVERY = 50; // ms
const LINES = "application/x-ndjson";

const listeners = new Set();
let models = new Map();
let forced = {}; // what the presenter wants live blocks to show, by slide, or of "all"
let there = false; // whether the server answered the last time
let run = null; // which start of it
let heard = -Infinity; // when a line of an answer came
let timer = null;
let elsewhere = false; // whether the page came from a server that is none of ours, which is asked once and left alone

/**
 * Calls `changed()` when models come or go; returns a function that stops listening.
 * The first check starts at once.
 */
export function listen(changed) {
  listeners.add(changed);
  if (listeners.size === 1 && !elsewhere && location.protocol.startsWith("http")) poll();
  return () => {
    listeners.delete(changed);
    if (listeners.size === 0) stop();
  };
}

/** What the server says of the model `name`; undefined while it cannot answer, or is not to. */
export function modelThere(name) {
  return forcedHere() === "recorded" ? undefined : models.get(name);
}

/** What the presenter wants this slide's live blocks to show: "live", however long it takes, "recorded", or undefined. */
export function forcedHere() {
  return forced[slideOnStage()] ?? forced.all;
}

/** Whether the page came from our server, and that is there. */
export function serverThere() {
  return there;
}

/** Which start of the server answered last: what was open before another one is dead. */
export function serverRun() {
  return run;
}

/**
 * The server's answer to one question.
 *
 * Resolves to `{answer}`, to `{refused}` with the server's words when the text cannot be answered, or to `{later}` with
 * the ms to wait when it is asked too often. Where it takes a while, `progress({read, tokens})` is told how far it is.
 * Rejects when `signal` aborts, the server is gone, or it cannot answer now.
 */
export async function ask(question, signal, progress) {
  return askAt("/api/next", question, signal, progress);
}

/** The same of the element `name` (talkgen.elements); `progress` is also told `{part}`, what there is of the answer. */
export function askElement(name) {
  return (question, signal, progress) => askAt(`/api/elements/${name}`, question, signal, progress);
}

async function askAt(path, question, signal, progress) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: `${LINES}, application/json` },
      body: JSON.stringify(question),
      signal,
    });
    const wait = 1000 * (Number(response.headers.get("Retry-After")) || 1);
    if (response.headers.get("Content-Type") !== LINES) return understand(response.status, await response.json(), wait);
    return await readLines(response.body, progress, wait);
  } catch (error) {
    if (!signal.aborted && error instanceof TypeError) setModels(null); // no connection
    throw error;
  }
}

function understand(status, said, wait) {
  if (status === 200) return { answer: said };
  if (status === 429) return { later: wait };
  if (status === 422) return { refused: String(said.detail) };
  throw new Error(`the server answered ${status}`);
}

/** The last of some lines of JSON, after those that say how far it is. */
async function readLines(body, progress, wait) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new TypeError("the answer was cut short");
    heard = performance.now();
    const lines = (text + value).split("\n");
    text = lines.pop();
    for (const line of lines.map((line) => JSON.parse(line))) {
      if (line.model || line.status) return understand(line.status ?? 200, line, wait);
      progress(line);
    }
  }
}

async function poll() {
  const mine = {};
  timer = mine;
  const found = await whileItSpeaks(fetchModels);
  const busy = found === null && performance.now() - heard < PATIENCE; // it speaks, but not of its health
  if (!busy) setModels(found);
  if (timer === mine && !elsewhere) timer = setTimeout(poll, busy ? SOON : POLL_EVERY);
}

/**
 * What `work(signal)` resolves to, which is aborted once nothing was heard of the server for a while: one that is busy
 * has no time for its health, but goes on speaking; one that was stopped mid-sentence has neither.
 */
async function whileItSpeaks(work) {
  const controller = new AbortController();
  const began = performance.now();
  const looking = setInterval(() => {
    if (performance.now() - Math.max(began, heard) > PATIENCE) controller.abort();
  }, LOOK_EVERY);
  const made = await work(controller.signal);
  clearInterval(looking);
  return made;
}

async function fetchModels(signal) {
  try {
    const response = await fetch("/api/health", { cache: "no-store", signal });
    elsewhere = response.status === 404;
    const health = await response.json();
    takeRun(health.run);
    takeForced(health.forced ?? {});
    if (!Array.isArray(health.models)) return null;
    return health.status === "ready" ? health.models : [];
  } catch {
    return null; // no server, not ours, or too slow: the recording is shown
  }
}

/** Takes note of the models that answer; null where there is no server. */
function setModels(list) {
  const before = JSON.stringify([there, [...models.values()]]);
  there = list !== null;
  models = new Map((list ?? []).map((model) => [model.name, model]));
  if (JSON.stringify([there, [...models.values()]]) !== before) listeners.forEach((changed) => changed());
}

function takeRun(now) {
  const anew = run !== null && now !== run;
  run = now;
  if (anew) listeners.forEach((changed) => changed());
}

function takeForced(now) {
  if (JSON.stringify(now) === JSON.stringify(forced)) return;
  forced = now;
  listeners.forEach((changed) => changed());
}

function stop() {
  clearTimeout(timer);
  timer = null;
  models = new Map();
  there = false;
}
