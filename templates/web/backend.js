/**
 * The page's one line to the server it came from: which models are there, and their answers.
 *
 * Nothing is asked while nobody listens, and nothing ever of another origin; a page opened from disk asks nothing.
 */

const POLL_EVERY = 700; // ms; with the patience below, a dead server is known within two seconds
const PATIENCE = 1200; // ms

const listeners = new Set();
let models = new Map();
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

/** What the server says of the model `name`; undefined while it cannot answer. */
export function modelThere(name) {
  return models.get(name);
}

/**
 * The server's answer to one question.
 *
 * Resolves to `{answer}`, to `{refused}` with the server's words when the text cannot be answered, or to `{later}` with
 * the ms to wait when it is asked too often. Rejects when `signal` aborts or the server is gone.
 */
export async function ask(question, signal) {
  let response;
  try {
    response = await fetch("/api/next", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
      signal,
    });
    if (response.ok) return { answer: await response.json() };
    if (response.status === 429) return { later: 1000 * (Number(response.headers.get("Retry-After")) || 1) };
    if (response.status === 422) return { refused: String((await response.json()).detail) };
  } catch (error) {
    if (!signal.aborted) setModels([]);
    throw error;
  }
  throw new Error(`the server answered ${response.status}`);
}

async function poll() {
  const mine = {};
  timer = mine;
  setModels(await fetchModels());
  if (timer === mine && !elsewhere) timer = setTimeout(poll, POLL_EVERY);
}

async function fetchModels() {
  try {
    const response = await fetch("/api/health", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    elsewhere = response.status === 404;
    const health = await response.json();
    return health.status === "ready" ? health.models : [];
  } catch {
    return []; // no server, not ours, or too slow: the recording is shown
  }
}

function setModels(list) {
  const before = JSON.stringify([...models.values()]);
  models = new Map(list.map((model) => [model.name, model]));
  if (JSON.stringify(list) !== before) listeners.forEach((changed) => changed());
}

function stop() {
  clearTimeout(timer);
  timer = null;
  models = new Map();
}
