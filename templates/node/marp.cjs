/**
 * Marp as a process that stays up: `node marp.cjs PATH-OF-MARP-CLI FOLDER-FOR-WHAT-IS-COMPILED`.
 *
 * A line of JSON on standard input asks for a deck (`{folder, arguments}`, as Marp's own command takes them), a line on
 * standard output answers with the exit code and with what Marp said; a deck that is `rehearsed` nobody waits for. It
 * ends with its standard input.
 */
"use strict";

const { createHash } = require("node:crypto");
const Module = require("node:module");
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { dirname, join, resolve } = require("node:path");
const { createInterface } = require("node:readline");
const { setImmediate } = require("node:timers/promises");

const CLI = process.argv[2], INSTALLED = resolve(CLI, "..", "..");
Module.enableCompileCache(process.argv[3]);

// What never changes of the installed packages is found out once, and kept for the next processes too: which file a name
// means, and what the style sheets of themes are read to and become. The oldest of these goes when there are many.
const FILE = join(dirname(process.argv[3]), "kept.json"), MOST = 64;
const kept = { of: INSTALLED, files: {}, sheets: {} };
let isNew = false;
try {
  const before = JSON.parse(readFileSync(FILE, "utf8"));
  if (before.of === INSTALLED) Object.assign(kept, before);
} catch {} // none yet, or not whole

function keep(many, name, make) {
  if (Object.hasOwn(many, name)) return many[name];
  isNew = true;
  return (many[name] = make());
}

function keepSheet(asked, make) {
  const name = createHash("sha256").update(JSON.stringify(asked)).digest("base64");
  const made = keep(kept.sheets, name, make);
  const names = Object.keys(kept.sheets);
  if (names.length > MOST) delete kept.sheets[names[0]];
  return made;
}

function save() {
  if (!isNew) return;
  isNew = false;
  const whole = `${FILE}.${process.pid}`;
  writeFileSync(whole, JSON.stringify(kept));
  renameSync(whole, FILE);
}

const resolveName = Module._resolveFilename;
Module._resolveFilename = (name, parent, ...rest) => {
  const find = () => resolveName.call(Module, name, parent, ...rest);
  if (!parent?.filename?.startsWith(INSTALLED)) return find();
  return keep(kept.files, `${parent.path.slice(INSTALLED.length)}:${name}`, find);
};

const { marpCli } = require(CLI);
const core = Module.createRequire(join(CLI, "package.json")).resolve("@marp-team/marp-core");
const load = Module.createRequire(core);
const { Theme, ThemeSet } = load("@marp-team/marpit");

const { fromCSS } = Theme;
Theme.fromCSS = (css, options = {}) => {
  const { name, css: read, ...more } = keepSheet([css, options.cssNesting, Object.keys(options.metaType ?? {})], () => {
    const theme = fromCSS.call(Theme, css, options);
    return { ...theme, importRules: theme.importRules.map(({ value }) => ({ value })) };
  });
  return Object.freeze(Object.assign(new Theme(name, read), more));
};
const { pack } = ThemeSet.prototype;
ThemeSet.prototype.pack = function (...asked) {
  return keepSheet([asked, ...[...this.themes()].map(({ css }) => css)], () => pack.apply(this, asked));
};

// Before its first deck Marp loads itself, styles, formulas and highlighting; it does so ahead of time, a piece after the
// other, until the first deck is asked for: that loads what it needs.
const AHEAD = [() => load(core), () => warm("text.md"), () => warm("formula.md"), () => warm("listing.md")];
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

function warm(deck) {
  return convert(join(__dirname, "ahead"), ["--no-config-file", "--html", "--output", "-", deck]); // writes no file
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
    Module.flushCompileCache(); // with the functions that a deck needs: nobody waits for it, and many end this process
    save();
  }
  process.exit();
}

serve();
