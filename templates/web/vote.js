/**
 * <talkgen-vote recording="BASE64">: the room guesses the next token before the model's own guess is shown.
 *
 * While the talk is presented with an audience, the slide first shows the prompt and where to vote, then how many have
 * voted, and at the end the model's distribution beside the room's, and both losses. A server that goes meanwhile gives
 * nothing away: the presenter then has the model's distribution shown. Anywhere else, and on paper, it is shown at once,
 * as it was recorded. Everything the room typed is shown as text.
 */

import { listen, serverThere } from "./backend.js";
import { BADGE_LOOK, makeBadge, setBadge } from "./badge.js";
import { showShare } from "./bars.js";
import { TOKEN_COLOURS } from "./look.js";
import { dress, make } from "./parts.js";
import { Phone } from "./phone.js";
import { appendVisible, visibleText } from "./pieces.js";
import { decodeAttribute, recordedAnswer } from "./recording.js";
import { watchStage } from "./stage.js";

const VOTE_EVERY = 500; // ms
const VOTE_PATIENCE = 1000; // ms for an answer
const VOTE_ROWS = 8; // at most: the model's likeliest, then what else the room said most

const VOTE_LOOK = `
.vote { display: grid; gap: 14px; }
.prompt { margin: 0; font-size: 32px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
.prompt .token { padding: 0.1em 0; border-radius: 4px; }
.gap { padding: 0 0.5em; border: 2px dashed var(--accent); border-radius: 6px; color: var(--accent); font-weight: 700; }
.stand { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 32px; align-items: center; }
.say { margin: 0; font-size: 40px; font-weight: 700; }
.address { margin: 0; color: var(--muted); overflow-wrap: anywhere; }
img { width: 260px; border-radius: var(--radius); }
.rows { display: grid; grid-template-columns: minmax(5em, auto) 1fr 4em 4em; gap: 5px 0.6em; align-items: center; margin: 0; font-size: 26px; line-height: 1; }
.row { display: contents; }
.name { overflow: hidden; max-width: 11em; text-align: end; text-overflow: ellipsis; white-space: pre; font-weight: 600; line-height: 1.3; }
.bars { display: grid; gap: 2px; }
.bars i { height: 13px; border-radius: 3px; min-width: 2px; background: var(--tg-attention, #56b4e9); }
.bars i + i { background: var(--accent); }
.share { text-align: end; font-variant-numeric: tabular-nums; color: var(--tg-attention, #56b4e9); }
.share + .share { color: var(--accent); }
.head { color: var(--muted); font-size: 20px; text-align: end; }
.true .name { text-decoration: underline 3px var(--tg-good, #2fbf95); text-underline-offset: 5px; }
.losses { margin: 0; font-size: 28px; }
.losses b { color: var(--tg-attention, #56b4e9); }
.losses b.room { color: var(--accent); }
.foot { display: flex; flex-wrap: wrap; gap: 6px 24px; align-items: center; min-height: 48px; }
button { padding: 6px 18px; border: 2px solid var(--line); border-radius: var(--radius); background: var(--surface); color: inherit; font: inherit; font-size: 24px; cursor: pointer; }
button:hover { border-color: var(--muted); }
[hidden] { display: none !important; }
@media print { button { display: none; } }
${BADGE_LOOK}`;

class TalkgenVote extends HTMLElement {
  connectedCallback() {
    this.recording = decodeAttribute(this.getAttribute("recording"));
    [this.model] = this.recording.models;
    this.answer = recordedAnswer(this.recording, this.model.name, this.recording.prompt);
    this.leaveStage = () => {};
    this.role = document.documentElement.dataset.audience; // "asks" or "guesses", where the server has an audience
    this.round = this.role ? null : undefined; // as the server tells it; undefined where it tells nothing, null before the first
    this.away = false; // whether the server was there, and is not
    this.given = false; // whether the presenter had the recording shown meanwhile
    this.#build();
    this.#show();
    this.unwatch = watchStage(this, (onStage) => (onStage ? this.#enter() : this.#leave()));
  }

  disconnectedCallback() {
    this.unwatch();
    this.#leave();
  }

  #build() {
    const frame = make("div", "vote", { role: "group", "aria-label": "What comes next: the room guesses" });
    this.badge = makeBadge();
    this.prompt = make("p", "prompt");
    this.answer.tokens.forEach(({ text }, i) => {
      const part = make("span", `token token-${i % TOKEN_COLOURS}`);
      part.textContent = text;
      this.prompt.append(part);
    });
    this.prompt.append(Object.assign(make("span", "gap"), { textContent: "?" }));
    this.stand = make("div", "stand");
    this.say = make("p", "say", { role: "status" });
    const words = make("div");
    this.address = make("p", "address");
    words.append(this.say, this.address);
    this.code = make("img", "", { alt: "QR code of the address to vote at" });
    this.stand.append(words, this.code);
    this.rows = make("div", "rows", { role: "table", "aria-label": "Next tokens: the model's share, the room's share" });
    this.losses = make("p", "losses", { role: "status" });
    this.ask = make("button");
    this.ask.addEventListener("click", () => this.#act());
    const foot = make("div", "foot"); // as high before the room is asked as after, so that a slide that is measured then has the room
    foot.append(this.losses, this.ask);
    frame.append(this.prompt, this.badge, this.stand, this.rows, foot);
    frame.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.shadowRoot.activeElement?.blur();
      else if (event.key === "Enter" || event.key === " ") event.stopPropagation(); // a press, and no turn of the slide
    });
    dress(this, VOTE_LOOK, frame);
    this.phone = new Phone(this, frame);
  }

  #enter() {
    this.phone.enter();
    this.leaveStage = listen(() => serverThere() || this.#take(undefined));
    const poll = async () => {
      if (serverThere()) this.#take(await this.#fetch("/api/vote"));
      this.timer = setTimeout(poll, VOTE_EVERY);
    };
    poll();
  }

  #leave() {
    this.phone.leave();
    this.leaveStage();
    this.leaveStage = () => {};
    clearTimeout(this.timer);
    this.timer = null;
    this.shadowRoot.activeElement?.blur();
  }

  /** The round that the server tells; undefined where it tells none. */
  async #fetch(path, body) {
    const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    try {
      const reply = await fetch(path, { ...sent, cache: "no-store", signal: AbortSignal.timeout(VOTE_PATIENCE) });
      return reply.ok ? (await reply.json()).round : undefined;
    } catch {
      return undefined;
    }
  }

  #take(round) {
    if (round === undefined && this.round !== undefined && serverThere()) return; // one answer too late: the last holds
    this.away = round === undefined && Boolean(this.role);
    if (!this.away) Object.assign(this, { round, given: false });
    this.#show();
  }

  /** The round of this very question. */
  get #mine() {
    return this.round?.prompt === this.recording.prompt ? this.round : null;
  }

  async #act() {
    if (this.away) {
      this.given = true;
      return this.#show();
    }
    const open = this.#mine?.open;
    const { name, label } = this.model;
    const choices = this.answer.candidates.map(({ text, p }) => ({ text, p }));
    const asked = { prompt: this.recording.prompt, model: name, label, choices, answer: this.recording.answer ?? null };
    this.#take(await (open ? this.#fetch("/present/vote/close", {}) : this.#fetch("/present/vote/open", asked)));
  }

  #show() {
    const round = this.#mine;
    const audience = this.round !== undefined;
    const done = round?.result;
    const asking = audience && !done && !this.given;
    this.stand.hidden = !asking;
    this.rows.hidden = this.losses.hidden = asking;
    this.ask.hidden = !audience || this.role === "guesses" || (this.away && !asking);
    this.ask.textContent = this.away ? "Show the model's" : round?.open ? "Close and show" : done ? "Ask again" : "Ask the room";
    if (asking) this.#showStand(round);
    else this.#showRows(done ?? { votes: [], voters: 0 });
    const { label } = this.model;
    const date = ` · ${this.recording.recorded.date}`;
    if (asking && this.away) setBadge(this.badge, "recorded", round ? "no connection · guesses that came are kept" : "no connection");
    else if (asking) setBadge(this.badge, round ? "live" : "recorded", round ? "the room is asked" : `${label} has answered`);
    else setBadge(this.badge, done ? "live" : "recorded", done ? `the room, and ${label}` : `recorded · ${label}${date}`);
  }

  #showStand(round) {
    const count = round?.voters ?? 0;
    this.say.textContent = round ? `${count} ${count === 1 ? "has" : "have"} guessed` : "What comes next?";
    this.address.textContent = round ? `${this.room ?? ""}` : "";
    this.code.hidden = !round;
    if (round && this.code.dataset.round !== String(round.number)) {
      this.code.dataset.round = round.number;
      this.code.src = "/api/vote/qr";
      fetch("/api/vote/address").then(async (reply) => (this.room = reply.ok ? (await reply.json()).address : ""), () => {});
    }
  }

  #showRows({ votes, voters }) {
    const truth = this.recording.answer;
    const odds = new Map(this.answer.candidates.map(({ text, p }) => [text, p]));
    if (truth && truth.p !== null) odds.set(truth.text, truth.p);
    const counted = new Map(votes.map(({ text, votes: count }) => [text, count]));
    const must = truth ? [truth.text] : [];
    const texts = [...new Set([...must, ...[...counted.keys()].slice(0, 4), ...odds.keys()])].slice(0, VOTE_ROWS);
    texts.sort((a, b) => (odds.get(b) ?? 0) - (odds.get(a) ?? 0));
    const rows = texts.map((text) => voteRow(text, odds.get(text) ?? null, voters ? (counted.get(text) ?? 0) / voters : null, text === truth?.text));
    this.rows.replaceChildren(voteHead(voters), ...rows);
    this.losses.replaceChildren(...(truth ? lossWords(truth, counted.get(truth.text) ?? 0, voters) : []));
  }
}

function voteHead(voters) {
  const row = make("div", "row", { role: "row" });
  const words = ["", "", "model", voters ? "room" : ""];
  row.append(...words.map((text) => Object.assign(make("span", "head", { role: "columnheader" }), { textContent: text })));
  return row;
}

function voteRow(text, p, share, isTrue) {
  const row = make("div", isTrue ? "row true" : "row", { role: "row", "aria-label": visibleText(text) });
  const name = make("span", "name", { role: "rowheader" });
  appendVisible(name, text);
  const bars = make("span", "bars", { "aria-hidden": "true" });
  for (const part of share === null ? [p] : [p, share]) {
    const bar = make("i");
    bar.style.width = `${100 * (part ?? 0)}%`;
    bars.append(bar);
  }
  const cells = [p === null ? "–" : showShare(p), share === null ? "" : showShare(share)].map((words) =>
    Object.assign(make("span", "share", { role: "cell" }), { textContent: words }),
  );
  row.append(name, bars, ...cells);
  return row;
}

/** The loss of the model, and that of the room: −log₂ of the share that each gave to what really comes next. */
function lossWords(truth, right, voters) {
  const bits = (share) => `${(-Math.log2(share)).toFixed(2)} bits`;
  const strong = (text, name = "") => Object.assign(make("b", name), { textContent: text });
  const model = truth.p === null ? [] : [" loss: the model ", strong(bits(truth.p))];
  const room = !voters ? [] : right ? [", the room ", strong(bits(right / voters), "room"), ` (${right} of ${voters})`] : [", the room ", strong("nobody had it", "room")];
  return [`“${visibleText(truth.text)}” it is;`, ...model, ...room];
}

if (!customElements.get("talkgen-vote")) customElements.define("talkgen-vote", TalkgenVote);
