/**
 * Where a live element's answers come from: the server while it is there and quick, else a model that lies in the page,
 * else the recording.
 *
 * One question is on its way at a time; when its answer is shown, what is asked by then goes next. What the element shows
 * is its own matter; this module knows no box, no bar and no badge.
 */

import { forcedHere, listen, modelThere } from "./backend.js";
import { askInPage, isInPage } from "./in_page.js";

const DEADLINE = 900; // ms after which an answer counts as none: the recorded one is drawn within a second, until it comes
const LONG = 128; // tokens of a text: how far its reading is, is told at once
const LONGEST = 2000; // ms that a reading may still take, as it goes, before the recorded answer is shown meanwhile
const AGAIN = 1000; // ms until a server that could not answer is asked again

export class Source {
  /**
   * `models` are the recorded ones; `send(question, signal, progress)` asks the server; `view` shows what comes:
   * `questions()` are asked now, one a model (null where nothing is to be asked), and `showLive(questions, answers)`,
   * `showPart(questions, parts)`, `showInPage(questions, answers)`, `showRecorded()`, `refuse(text)`, `note(text)` and
   * `wait()` show. `inPage(question)` asks a model in the page; where it is null, none of these can answer.
   */
  constructor(models, send, view, inPage = askInPage) {
    Object.assign(this, { models, send, view, inPage });
    this.fallen = "recorded"; // who answers without the server: nobody while it does, the recording, or the page
    this.reading = null; // the questions of which it was shown how far they are read
    this.stopped = null; // those that were stopped
    this.waiting = false; // whether what is shown is the answer to an older question
    this.stopListening = () => {};
  }

  /** The element is what the audience looks at. */
  enter() {
    this.onStage = true;
    if (!this.isLive) this.#fallBack();
    this.stopListening = listen(() => this.isStopped || this.ask());
  }

  /** It is no more: nothing is asked. */
  leave() {
    this.onStage = false;
    this.stopListening();
    this.stopListening = () => {};
    this.#cancel();
  }

  get isLive() {
    return this.models.every((model) => modelThere(model.name));
  }

  /** Whether the question is one that was stopped: no news of the server asks it again. */
  get isStopped() {
    return Boolean(this.stopped && sameQuestions(this.stopped, this.view.questions()));
  }

  /** Shows what there is to the question: the server's answer as soon as it comes, the recorded one where none does. */
  ask() {
    this.stopped = null;
    if (!this.isLive) {
      this.#cancel();
      return this.#fallBack();
    }
    const questions = this.view.questions();
    if (!questions) return this.#cancel();
    this.waiting = true;
    if (this.asking && !this.asking.late && !this.asking.parts) return; // its answer is drawn first, and then this is asked
    if (this.asking?.parts && sameQuestions(this.asking.questions, questions)) return;
    this.#cancel();
    this.view.wait();
    this.#askServer(questions);
  }

  /** Stops what takes long; whether there was anything to stop. */
  stop() {
    const { asking, reading } = this;
    const questions = this.view.questions();
    if (!asking?.parts && !(reading && sameQuestions(reading, questions))) return false; // also while the server is away
    this.#cancel();
    this.waiting = false;
    this.reading = null;
    this.stopped = questions;
    if (asking && !asking.late && !asking.parts) this.#fallBack();
    return true;
  }

  #cancel() {
    clearTimeout(this.again);
    this.asking?.controller.abort();
    this.asking = null;
  }

  async #askServer(questions) {
    const asking = (this.asking = { questions, controller: new AbortController(), late: false, read: 0, parts: null });
    asking.began = performance.now();
    const overdue = setTimeout(() => this.#overdue(asking), DEADLINE);
    try {
      const replies = await Promise.all(
        questions.map((question, i) =>
          this.send(question, asking.controller.signal, (far) => this.#progress(asking, far, i)),
        ),
      );
      if (this.asking !== asking) return;
      this.asking = null;
      this.#showReplies(questions, replies);
    } catch {
      if (this.asking === asking) this.#giveUp();
    } finally {
      clearTimeout(overdue);
    }
  }

  /** An answer that takes too long: the recorded one is shown; where nothing is being read, it is given up. */
  #overdue(asking) {
    if (this.asking !== asking || asking.parts || forcedHere() === "live") return;
    if (!asking.read) return this.#giveUp();
    if (!sameQuestions(asking.questions, this.view.questions())) {
      this.#cancel();
      this.#fallBack();
      return this.ask();
    }
    asking.late = true;
    this.#fallBack();
    this.#progress(asking, asking, 0);
  }

  #progress(asking, { read, tokens, part }, i) {
    if (this.asking !== asking) return;
    if (part) {
      asking.parts ??= asking.questions.map(() => null);
      asking.parts[i] = part;
      this.fallen = false;
      this.view.showPart(asking.questions, asking.parts);
      this.waiting = !sameQuestions(asking.questions, this.view.questions());
      return this.waiting && this.ask();
    }
    Object.assign(asking, { read, tokens });
    if (!asking.late && timeLeft(asking) > LONGEST) this.#overdue(asking);
    if (this.asking !== asking) return;
    if (!asking.late && tokens < LONG) return;
    this.reading = asking.questions;
    this.view.note(`reading, ${read} of ${tokens} tokens · Esc stops it`);
  }

  /** Shows what there is without the server, and asks it again in a while. */
  #giveUp() {
    this.#cancel();
    this.#fallBack();
    this.again = setTimeout(() => this.ask(), AGAIN);
  }

  #showReplies(questions, replies) {
    const later = Math.max(0, ...replies.map((reply) => reply.later ?? 0));
    const refused = replies.find((reply) => reply.refused)?.refused;
    if (later) {
      this.again = setTimeout(() => this.ask(), later);
      return;
    }
    this.waiting = this.fallen = false;
    this.reading = null;
    if (refused) this.view.refuse(refused);
    else this.view.showLive(questions, replies.map((reply) => reply.answer));
    const next = this.view.questions();
    if (next && !sameQuestions(questions, next)) this.ask();
  }

  /** Shows the recorded answer, until a model that lies in the page has one; when it had, its next takes its place. */
  #fallBack() {
    const inPage = this.#mayAskPage() && this.models.every((model) => isInPage(model.name));
    if (!(inPage && this.fallen === "in page")) this.showRecorded();
    this.fallen ||= "recorded";
    if (inPage && !this.thinking) this.#askPage();
  }

  /** Whether a model in the page may answer: not where the presenter wants the recorded answer. */
  #mayAskPage() {
    return this.inPage && this.onStage && forcedHere() !== "recorded";
  }

  /** Shows the recorded answer. */
  showRecorded() {
    this.waiting = false;
    this.view.showRecorded();
  }

  /** Asks the page's own models, and again while the question changes. */
  async #askPage() {
    this.thinking = true;
    let questions;
    do {
      questions = this.view.questions();
      if (!questions) break;
      const overdue = setTimeout(() => this.fallen && this.showRecorded(), DEADLINE);
      const replies = await Promise.all(questions.map(this.inPage)).catch(() => null);
      clearTimeout(overdue);
      if (!this.fallen || !this.#mayAskPage()) break; // the server or the presenter may have spoken meanwhile
      if (replies) this.#showPageReplies(questions, replies);
      else this.#giveUpPage();
    } while (!sameQuestions(questions, this.view.questions()));
    this.thinking = false;
  }

  /** Shows the recorded answer in the place of one that failed. */
  #giveUpPage() {
    this.fallen = "recorded";
    this.showRecorded();
  }

  #showPageReplies(questions, replies) {
    const refused = replies.find((reply) => reply.refused)?.refused;
    if (refused) {
      this.showRecorded();
      this.view.note(refused);
      return;
    }
    this.fallen = "in page";
    this.waiting = false;
    this.view.showInPage(questions, replies.map((reply) => reply.answer));
  }
}

/** The ms that the rest of a text takes to be read, as it went so far; 0 where nothing is known yet. */
function timeLeft({ began, read, tokens }) {
  return read ? ((performance.now() - began) / read) * (tokens - read) : 0;
}

function sameQuestions(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
