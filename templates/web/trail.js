/**
 * The texts that somebody came by: back and forth among them, and the ends that were left behind. Knows no page.
 */

const BRANCHES = 4; // kept

export class Trail {
  constructor(text) {
    this.texts = [text];
    this.at = 0;
    this.typing = false; // whether the last step was one of typing, which the next key is part of
    this.branches = []; // texts that were left, the last one first
  }

  get text() {
    return this.texts[this.at];
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.texts.length - 1;
  }

  /** Goes to a text that was chosen: a token appended, the text cut, a branch taken up again. */
  go(text) {
    if (text === this.text) return;
    const left = this.texts[this.texts.length - 1];
    this.texts.splice(this.at + 1, Infinity, text);
    this.at += 1;
    this.typing = false;
    this.branches = [left, ...this.branches.filter((branch) => branch !== left)];
    this.branches = this.branches.filter((branch) => !text.startsWith(branch)).slice(0, BRANCHES);
  }

  /** Takes note of a text as it is typed; what is typed in one go is one step. */
  type(text) {
    if (text === this.text) return;
    this.texts.splice(this.at + 1, Infinity);
    if (this.typing) this.texts[this.at] = text;
    else this.texts.push(text);
    this.at = this.texts.length - 1;
    this.typing = true;
    this.branches = this.branches.filter((branch) => !text.startsWith(branch));
  }

  /** One step back (-1) or forth (1); whether there was one. */
  step(by) {
    if (!(this.at + by in this.texts)) return false;
    this.at += by;
    this.typing = false;
    return true;
  }
}
