/**
 * Token texts as people can see them: marks for white space, and which part of a prompt each token covers.
 */

const MARKS = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "⍽" };

/** Appends `text` to `parent` as text, with a faint mark in the place of each character that nobody can see. */
export function appendVisible(parent, text) {
  for (const run of text.match(/[ \n\t\r\u00a0]|[\0-\x1f\x7f]|[^ \n\t\r\u00a0\0-\x1f\x7f]+/g) ?? []) {
    const mark = MARKS[run] ?? controlPicture(run);
    if (mark) {
      const span = document.createElement("span");
      span.className = "mark";
      span.textContent = mark;
      parent.append(span);
    } else {
      parent.append(run);
    }
  }
}

/** `text` in one line of plain words, for labels. */
export function visibleText(text) {
  return Array.from(text, (letter) => MARKS[letter] ?? controlPicture(letter) ?? letter).join("");
}

function controlPicture(text) {
  const code = text.length === 1 ? text.charCodeAt(0) : 32;
  if (code === 127) return "␡";
  return code < 32 ? String.fromCharCode(0x2400 + code) : undefined;
}

/**
 * The parts of `text` that its tokens cover, in order, as strings that together are `text`.
 *
 * A token that is a fragment of a character (an emoji's third byte, say) is no text of its own: such a run of tokens
 * becomes one part, the characters they make together.
 */
export function alignPieces(text, pieces) {
  const parts = [];
  let at = 0;
  let fragments = 0;
  for (const piece of pieces) {
    const found = piece ? text.indexOf(piece, at) : -1;
    // A fragment is at least one byte, and a character at most two UTF-16 units.
    if (found < 0 || found - at > 2 * fragments) {
      fragments += 1;
      continue;
    }
    if (found > at) parts.push(text.slice(at, found));
    parts.push(piece);
    at = found + piece.length;
    fragments = 0;
  }
  if (at < text.length && fragments) parts.push(text.slice(at));
  return parts;
}

/** The first of `parts` that `text` still begins with: what remains of an older split while somebody types on. */
export function keptParts(parts, text) {
  let at = 0;
  const kept = parts.findIndex((part) => {
    const same = text.startsWith(part, at);
    at += part.length;
    return !same;
  });
  return kept < 0 ? parts : parts.slice(0, kept);
}
