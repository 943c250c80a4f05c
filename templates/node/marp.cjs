/**
 * Marp as a process that stays up: `node marp.cjs PATH-OF-MARP-CLI FOLDER-FOR-WHAT-IS-COMPILED`.
 *
 * A line of JSON on standard input asks for a deck (`{folder, arguments}`, as Marp's own command takes them), a line on
 * standard output answers with the exit code and with what Marp said; a deck that is `rehearsed` nobody waits for. It
 * ends with its standard input.
 */
"use strict";

const { createRequire, enableCompileCache, flushCompileCache } = require("node:module");
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { createInterface } = require("node:readline");
const { setImmediate } = require("node:timers/promises");
enableCompileCache(process.argv[3]);
const { marpCli } = require(process.argv[2]);
const core = createRequire(join(process.argv[2], "package.json")).resolve("@marp-team/marp-core");
const load = createRequire(core);
const { Theme } = load("@marp-team/marpit");

// Every deck reads the style sheets of all themes; what they are read to never changes.
const KEPT = 64;
const themes = new Map();
const { fromCSS } = Theme;
Theme.fromCSS = (css, options = {}) => {
  const asked = JSON.stringify([css, options.cssNesting, Object.keys(options.metaType ?? {})]);
  if (!themes.has(asked)) {
    if (themes.size >= KEPT) themes.clear();
    themes.set(asked, fromCSS.call(Theme, css, options));
  }
  return themes.get(asked);
};

// Before its first deck Marp loads itself, styles, formulas and highlighting; it does so ahead of time, a piece after the
// other, until the first deck is asked for: that loads what it needs.
const AHEAD = [
  () => load(core),
  () => warm("# One"),
  () => warm("$x^2$", "math: mathjax"),
  () => warm("```python\nprint(1)\n```"),
];
const LARGE = 800e6; // bytes; a process that has grown beyond asks to be replaced

const answer = process.stdout.write.bind(process.stdout);
let said = "";
for (const stream of [process.stdout, process.stderr])
  stream.write = (text, ...rest) => {
    said += text;
    rest.at(-1)?.call?.();
    return true;
  };

async function convert(folder, args) {
  said = "";
  process.chdir(folder);
  const code = await marpCli(args);
  process.chdir("/");
  return { code, said };
}

async function warm(text, ...settings) {
  const folder = mkdtempSync(join(tmpdir(), "talkgen-marp-"));
  try {
    writeFileSync(join(folder, "deck.md"), ["---", "marp: true", ...settings, "---", "", text, ""].join("\n"));
    await convert(folder, ["--no-config-file", "--html", "deck.md"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serve() {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  let isAsked = false;
  const first = lines.next().finally(() => (isAsked = true));
  for (const piece of AHEAD) {
    await setImmediate(); // takes in what was asked meanwhile
    if (isAsked) break;
    await piece();
  }
  for (let line = await first; !line.done; line = await lines.next()) {
    const { folder, arguments: args, rehearsed } = JSON.parse(line.value);
    const done = await convert(folder, args);
    if (rehearsed) continue;
    answer(`${JSON.stringify({ ...done, last: process.memoryUsage().rss > LARGE })}\n`);
    flushCompileCache(); // with the functions that a deck needs: nobody waits for it, and many end this process
  }
  process.exit();
}

serve();
