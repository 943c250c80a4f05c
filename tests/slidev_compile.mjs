// Compiles every slide of a Slidev project with Slidev's own Vite server: `node slidev_compile.mjs PROJECT`.
// Prints a JSON list: of each slide its module's `code`, or the `error` that would stop the whole build.
import path from "node:path";
import { pathToFileURL } from "node:url";

process.chdir(process.argv[2]);
const { createServer, resolveOptions } = await import(pathToFileURL(path.resolve("node_modules/@slidev/cli/dist/index.mjs")));
const options = await resolveOptions({ entry: "slides.md" }, "dev");
const server = await createServer(
  options,
  {
    logLevel: "silent",
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true, include: [] },
  },
  {},
);
const slides = [];
for (let number = 1; number <= options.data.slides.length; number++) {
  try {
    slides.push({ code: (await server.transformRequest(`/slides.md__slidev_${number}.md`)).code });
  } catch (error) {
    slides.push({ error: error.message });
  }
}
process.stdout.write(`\n${JSON.stringify(slides)}`, () => process.exit(0));
