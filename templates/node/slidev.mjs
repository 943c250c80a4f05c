/**
 * Slidev's own dev server as a process that answers: `node slidev.mjs PROJECT PORT`.
 *
 * A line of JSON on standard input (`{changed: [name]}`, the files that were written) asks how the slides are; a line on
 * standard output answers once the server shows them: `{problems: [{slide, message}]}`, each slide compiled as a page
 * would ask for it. `{new: [name]}` is answered, by nothing, once the server knows of these files. It ends with its
 * standard input. What only a new server takes over (theme, size, features) makes one, on the same port.
 */
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const [, , project, port] = process.argv;
process.chdir(project);
const cli = pathToFileURL(path.resolve("node_modules/@slidev/cli/dist/index.mjs"));
const { createServer, parser, resolveOptions } = await import(cli);
const { createLogger } = await import(pathToFileURL(createRequire(cli).resolve("vite")));

const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const quiet = { ...createLogger("silent"), hasWarned: false };

const SEEN_WITHIN = 1000; // ms
const KNOWN_WITHIN = 5000; // ms
const SETTLED = 50; // ms in which the modules of a changed file are dropped
const noticed = new Set(); // the files that changed, as the server's watcher tells
let server, options;

async function open() {
  options = await resolveOptions({ entry: "slides.md" }, "dev");
  withFormulas(options.data);
  const listen = { port: Number(port), strictPort: true, host: "127.0.0.1", hmr: { overlay: false } };
  server = await createServer(
    options,
    { server: listen, cacheDir: path.resolve(".vite"), customLogger: quiet },
    { loadData: async (source) => load(source) },
  );
  server.watcher.on("all", (event, file) => noticed.add(path.resolve(file)));
  await server.listen();
}

/** The deck as it is now; false where only a new server can show it. */
async function load(source) {
  const loaded = withFormulas(await parser.load(options, options.entry, source, "dev"));
  const config = parser.resolveConfig(loaded.headmatter, options.data.themeMeta, options.entry);
  if (asText([config, loaded.features]) === asText([options.data.config, options.data.features]))
    return { ...loaded, themeMeta: options.data.themeMeta, config };
  opened = opened.then(() => server.close()).then(open);
  return false;
}

/** KaTeX is there before the first formula is written, so that none makes a new server, which pages load anew for. */
function withFormulas(data) {
  data.features.katex = true;
  return data;
}

const asText = (value) => JSON.stringify(value);

/**
 * What is wrong with a slide as it is compiled; null where nothing is. It is compiled apart from what pages ask for,
 * since a module that somebody else asked for first goes by another name there, and would no longer be replaced in them.
 */
async function problemOf(slide) {
  const { moduleGraph } = server.environments.ssr;
  const url = `/slides.md__slidev_${slide}.md`;
  const known = await moduleGraph.getModuleByUrl(url);
  if (known) moduleGraph.invalidateModule(known);
  try {
    await server.transformRequest(url, { ssr: true });
    return null;
  } catch (error) {
    return { slide, message: error.message };
  }
}

/** Waits until the server has taken notice of files that changed; no longer than it may reasonably take. */
async function see(names) {
  const unseen = new Set(names.map((name) => path.resolve(name)));
  const end = Date.now() + SEEN_WITHIN;
  while ([...unseen].some((file) => !noticed.has(file)) && Date.now() < end) await sleep(20);
  noticed.clear();
  if (unseen.size) await sleep(SETTLED);
}

/** Waits until the server hands out new files of `public/`; of one that it does not know yet it gives its page instead. */
async function know(names) {
  const end = Date.now() + KNOWN_WITHIN;
  for (const name of names.filter((each) => each.startsWith("public/"))) {
    const address = `http://127.0.0.1:${port}/${encodeURI(name.slice("public/".length))}`;
    while ((await typeOf(address)).startsWith("text/html") && Date.now() < end) await sleep(20);
  }
}

async function typeOf(address) {
  const answer = await fetch(address, { method: "HEAD" });
  return answer.headers.get("Content-Type") ?? "";
}

/** What is wrong with the slides; those that are as they were are as good as they were. */
async function problemsNow() {
  for (;;) {
    const seen = opened;
    await seen;
    const { slides } = await parser.load(options, options.entry, undefined, "dev");
    const found = await Promise.all(
      slides.map(async ({ source }, index) => {
        const before = judged[index];
        const raw = source.raw;
        return before?.raw === raw ? before : { raw, problem: await problemOf(index + 1) };
      }),
    );
    if (seen !== opened) continue;
    judged = found;
    return judged.map(({ problem }) => problem).filter(Boolean);
  }
}

let judged = []; // each slide's source, and what was wrong with it
let opened = open();
for await (const line of createInterface({ input: process.stdin })) {
  await opened;
  const { changed, new: unknown } = JSON.parse(line);
  await (changed ? see(changed) : know(unknown));
  answer(`${JSON.stringify(changed ? { problems: await problemsNow() } : {})}\n`);
}
process.exit();
