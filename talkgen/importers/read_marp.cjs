// Reads Marp decks with Marp's own engine: `node read_marp.cjs ENGINE`, a request of JSON a line, an answer a line.
const Module = require("node:module");
const { createInterface } = require("node:readline");

// Pages are only compared: the same formula is the same picture, the same listing has the same colours. What makes them
// takes Marp longer to load than all else, and is not loaded.
const load = Module._load;
const nothing = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : nothing),
  apply: () => nothing,
  construct: () => nothing,
});
Module._load = (name, ...rest) => (/^(highlight\.js|katex|mathjax-full)\//.test(`${name}/`) ? nothing : load(name, ...rest));
const { Marp } = require(process.argv[2]);

const marp = new Marp({ script: false });

const { rules } = marp.markdown.renderer;
rules.marp_math_inline = (tokens, index) => `<math>${tokens[index].content.trim()}</math>`;
rules.marp_math_block = (tokens, index) => `<math display>${tokens[index].content.trim()}</math>`;
marp.highlighter = (code, language) => `<code ${language}>${marp.markdown.utils.escapeHtml(code)}</code>`;

/** A deck's front matter as Marp takes it, and its slides: where each stands, its elements and its comments. */
function read({ text }) {
  let front = null;
  const slides = [];
  let level = 0;
  for (const token of marp.markdown.parse(text, {})) {
    if (token.type === "marpit_slide_open") {
      level = token.level + 1;
      slides.push({ at: token.map, tokens: [] });
    } else if (token.type === "front_matter") {
      front = { end: token.map[1], text: token.meta };
    } else if (slides.length && token.level === level && token.nesting >= 0 && token.map) {
      const { type, tag, map, info, markup, content, meta } = token;
      const comment = type === "marpit_comment" && {
        kind: meta?.marpitCommentParsed ?? "note",
        directives: meta?.marpitParsedDirectives ?? {},
      };
      slides.at(-1).tokens.push({ type, tag, start: map[0], end: map[1], info, markup, content, ...comment });
    }
  }
  return { front, directives: marp.lastGlobalDirectives ?? {}, slides };
}

/** Marp's output with its random names of scopes counted instead. */
function plainly() {
  const names = new Map();
  return (text) =>
    text.replace(/data-marpit-scope-\w+/g, (name) => {
      if (!names.has(name)) names.set(name, `data-marpit-scope-${names.size}`);
      return names.get(name);
    });
}

/** What Marp makes of a deck: the page of each slide, and its comments. */
function render({ text, themes = [] }) {
  for (const css of themes) {
    try {
      marp.themeSet.add(css);
    } catch {
      // a style sheet that names no theme: Marp's own command line warns and goes on
    }
  }
  const plain = plainly();
  const html = marp.renderMarkdown(text, { htmlAsArray: true });
  return { html: html.map(plain), comments: marp.lastComments };
}

function show(text) {
  return JSON.stringify([marp.markdown.render(text), marp.lastStyles, marp.lastComments]);
}

/** Of pairs of sources, which are the same to Marp. */
function same({ pairs }) {
  return pairs.map(([one, other]) => show(one) === show(other));
}

/** A comment's or a front matter's settings as Marp takes them: every value a text. */
function settings({ text }) {
  const token = marp.markdown.parse(`<!--\n${text}\n-->`, {}).find((each) => each.type === "marpit_comment");
  return token?.meta?.marpitParsedDirectives ?? {};
}

const operations = { read, render, same, settings };
createInterface({ input: process.stdin }).on("line", (line) => {
  const { do: name, ...request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(operations[name](request))}\n`);
});
