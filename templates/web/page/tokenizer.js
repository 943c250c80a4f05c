/**
 * Byte-level BPE (Sennrich et al. 2016; Radford et al. 2019): any text as ids, and ids as text. No library, no network.
 */

// GPT-2's way of cutting a text before any merge: contractions, words, numbers, signs, white space.
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** GPT-2's letter for each byte: printable ones stand for themselves, the others are moved behind 255. */
function byteLetters() {
  const letters = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    letters.push(String.fromCharCode(printable ? byte : next++));
  }
  return letters;
}

export class Tokenizer {
  /** `vocabulary` lists the tokens by id in GPT-2's letters, `merges` pairs of them, the first the earliest learned. */
  constructor({ vocabulary, merges, special }) {
    this.letters = byteLetters();
    this.bytes = new Map(this.letters.map((letter, byte) => [letter, byte]));
    this.tokens = vocabulary;
    this.ids = new Map(vocabulary.map((token, id) => [token, id]));
    this.ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
    this.special = new Set(special);
    this.words = new Map(); // word -> ids: the same words come again with every key
    this.utf8 = new TextEncoder();
  }

  encode(text) {
    const sound = text.replace(/\p{Surrogate}/gu, "?"); // half of a pair is no text
    return (sound.match(WORDS) ?? []).flatMap((word) => this.#word(word));
  }

  #word(word) {
    let ids = this.words.get(word);
    if (!ids) {
      const letters = Array.from(this.utf8.encode(word), (byte) => this.letters[byte]);
      ids = this.#merge(letters).map((token) => this.ids.get(token));
      this.words.set(word, ids);
    }
    return ids;
  }

  /** Joins the pair that was learned first, again and again, until none is left. */
  #merge(parts) {
    while (parts.length > 1) {
      let best = Infinity, at = -1;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) break;
      parts.splice(at, 2, parts[at] + parts[at + 1]);
    }
    return parts;
  }

  /** The text of `ids`; bytes that are no UTF-8 become U+FFFD. */
  decode(ids) {
    return new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => this.#bytesOf(id))));
  }

  /** Each token as it can be shown by itself: bytes that are no whole character as `\xNN`. */
  pieces(ids) {
    return ids.map((id) => (this.special.has(id) ? this.tokens[id] : showBytes(this.#bytesOf(id))));
  }

  #bytesOf(id) {
    if (this.special.has(id)) return [...this.utf8.encode(this.tokens[id])];
    return Array.from(this.tokens[id], (letter) => this.bytes.get(letter));
  }
}

/** UTF-8 as text, what is none as `\xNN`. */
function showBytes(bytes) {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    let taken = 0;
    for (let length = Math.min(4, bytes.length - at); length > 0 && !taken; length--) {
      try {
        const decoded = strict.decode(Uint8Array.from(bytes.slice(at, at + length)));
        if ([...decoded].length === 1) [text, taken] = [text + decoded, length];
      } catch {
        // no character of this length begins here
      }
    }
    if (!taken) text += `\\x${bytes[at].toString(16).padStart(2, "0")}`;
    at += taken || 1;
  }
  return text;
}
