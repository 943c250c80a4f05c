/**
 * The room's page: the prompt, a guess, and what came of it. Prompts and guesses are only ever set as text.
 */

const EVERY = 1000; // ms; a random share of it more, so that a room does not ask in step
const PATIENCE = 5000; // ms

const part = (id) => document.getElementById(id);
let round = null;
let sending = null; // the guess on its way: it is sent until the server has it

async function ask(body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return fetch("/api/vote", { ...sent, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
}

async function look() {
  try {
    const reply = await ask();
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    show((await reply.json()).round);
    part("said").textContent = sending ? "sending…" : "";
    if (sending) await send();
  } catch {
    part("said").textContent = "no connection; trying again";
  }
  setTimeout(look, EVERY * (1 + Math.random()));
}

/** Sends the guess; one that was lost on its way is sent again, and counts once. */
async function send() {
  const reply = await ask(sending);
  if (reply.status === 429 || reply.status === 503) return;
  const said = await reply.json();
  sending = null;
  part("said").textContent = reply.ok ? "" : String(said.detail);
  if (reply.ok) show({ ...round, mine: said.text });
}

async function guess(text) {
  if (!text.trim() || sending || round?.mine) return;
  sending = { round: round.number, text };
  part("said").textContent = "sending…";
  await send().catch(() => {});
}

function show(now) {
  const changed = now?.number !== round?.number;
  round = now;
  const open = Boolean(now?.open);
  part("prompt").textContent = now ? `${now.prompt} …` : "";
  part("guess").hidden = !open || Boolean(now.mine);
  part("head").textContent = !now ? "Wait for the question" : open ? (now.mine ? "Your guess is in" : "What comes next?") : "This is what came";
  part("result").replaceChildren(...(now?.mine && open ? [line(`you: ${visible(now.mine)}`)] : []), ...(now?.result ? results(now) : []));
  if (!changed || !now) return;
  part("word").value = "";
  part("choices").replaceChildren(...now.choices.map(makeChoice));
}

function makeChoice(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = visible(text);
  button.addEventListener("click", () => guess(text));
  return button;
}

function results({ result, mine }) {
  const { answer, choices, votes, voters } = result;
  const odds = new Map([...choices, ...(answer ? [answer] : [])].map(({ text, p }) => [text, p]));
  const percent = (share) => `${Math.round(100 * share)} %`;
  const said = votes.slice(0, 6).map(({ text, votes: count }) => {
    const model = odds.has(text) ? `, the model ${percent(odds.get(text))}` : "";
    return line(`${visible(text)}: ${percent(count / Math.max(1, voters))} of ${voters}${model}`, text === mine);
  });
  return [...(answer ? [line(`It is ${visible(answer.text)}`, true)] : []), ...said];
}

function line(text, strong = false) {
  const made = document.createElement(strong ? "strong" : "p");
  made.textContent = text;
  return made;
}

function visible(text) {
  return text.replaceAll("\n", "⏎").replaceAll("\t", "⇥").replace(/^ /, "").trim() || "(space)";
}

part("guess").addEventListener("submit", (event) => {
  event.preventDefault();
  guess(part("word").value);
});
look();
