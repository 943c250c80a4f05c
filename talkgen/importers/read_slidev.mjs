// Reads Slidev decks with Slidev's own parser: `node read_slidev.mjs PARSER`, a request of JSON a line, an answer a line.
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, relative, resolve, isAbsolute } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { parse, parseSync, parseRangeString } = await import(pathToFileURL(process.argv[2]));

function isInside(path, root) {
  const way = relative(root, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

function described(slide, frontmatter) {
  const { start, end, content, note, raw, frontmatterRaw, frontmatterDoc, frontmatterStyle } = slide;
  const head = raw.split("\n").slice(0, slide.contentStart - start).join("\n").length;
  const contentStart = start + raw.slice(0, Math.max(raw.indexOf(content, head), 0)).split("\n").length - 1;
  const errors = (frontmatterDoc?.errors ?? []).map((error) => ({
    message: error.message.split("\n")[0].replace(/ at line \d+, column \d+:?$/, ""),
    line: start + (error.linePos?.[0]?.line ?? 1),
  }));
  return {
    file: slide.filepath, start, contentStart, end, content, note: note ?? null, frontmatter, errors,
    own: slide.frontmatter, raw: frontmatterRaw ?? null, style: frontmatterStyle ?? null,
  };
}

/** The slides of a deck with those of the files that it imports, as Slidev's `load` finds them; hidden ones stay. */
async function read({ path, root, text }) {
  const files = {};
  const slides = [];
  const problems = [];
  const userRoot = dirname(path);

  async function markdown(file) {
    files[file] ??= await parse(file === path ? text : readFileSync(file, "utf-8"), file);
    return files[file];
  }

  async function add(slide, override, chain) {
    const merged = { ...slide.frontmatter, ...override };
    const source = slide.frontmatter.src;
    if (typeof source !== "string" || slide.frontmatter.hide || slide.frontmatter.disabled) {
      slides.push({ ...described(slide, merged), imported: chain.length > 0 });
      return;
    }
    const [name, range] = source.split("#");
    const file = name.startsWith("/") ? resolve(userRoot, name.slice(1)) : resolve(dirname(slide.filepath), name);
    const rest = { ...slide.frontmatter, ...override };
    delete rest.src;
    let reason = "";
    if (file === slide.filepath || chain.includes(file)) reason = "it imports itself";
    else if (!isInside(file, root)) reason = "outside";
    else if (!existsSync(file)) reason = "missing";
    else if (!isInside(realpathSync(file), realpathSync(root))) reason = "outside";
    else if (!statSync(file).isFile()) reason = "it is no file"; // a pipe would be waited for
    if (reason) {
      problems.push({ file: slide.filepath, line: slide.start, name: source, reason });
      slides.push({ ...described(slide, merged), imported: chain.length > 0 });
      return;
    }
    const other = await markdown(file);
    for (const index of parseRangeString(other.slides.length, range)) {
      if (other.slides[index - 1]) await add(other.slides[index - 1], rest, [...chain, slide.filepath]);
      else problems.push({ file: slide.filepath, line: slide.start, name: source, reason: `it has no slide ${index}` });
    }
  }

  for (const slide of (await markdown(path)).slides) await add(slide, {}, []);
  return { slides, problems };
}

/** The slides of a deck's text: settings, content and note. */
function slides({ text }) {
  return parseSync(text, "slides.md").slides.map(({ frontmatter, content, note, title, level }) => ({
    frontmatter, content, note: note ?? null, title: title ?? null, level: level ?? null,
  }));
}

const operations = { read, slides };
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await operations[name](request))}\n`);
}
