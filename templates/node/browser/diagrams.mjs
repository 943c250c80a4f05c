// Draws Mermaid diagrams as SVG: reads {browser, script, fonts, config, css, diagrams} from the file that is named, and
// prints a JSON array of {svg} or {error, line}. One page for all; the same request gives the same bytes.
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

const browser = await puppeteer.launch({ executablePath: request.browser, headless: true, args: flags });
try {
  const page = await browser.newPage();
  await page.setRequestInterception(true);
  page.on("request", (asked) => (asked.url().startsWith("data:") ? asked.continue() : asked.abort())); // nothing from outside
  const faces = request.fonts.map(
    ({ family, weight, data }) =>
      `@font-face { font-family: "${family}"; font-weight: ${weight}; src: url(data:font/ttf;base64,${data}); }`,
  );
  await page.setContent(`<style>${faces.join("\n")}</style><body></body>`);
  await page.addScriptTag({ content: readFileSync(request.script, "utf8") });
  const drawn = await page.evaluate(draw, request);
  process.stdout.write(JSON.stringify(drawn));
} finally {
  await browser.close();
}

// Runs in the page.
async function draw({ config, fonts, diagrams }) {
  // Measured with a fallback font, the first diagram would get other widths than the next.
  await Promise.all(fonts.map(({ family, weight }) => document.fonts.load(`${weight} 16px "${family}"`)));
  const done = [];
  for (const [index, source] of diagrams.entries()) {
    // Some kinds of diagram draw random numbers: each starts from the same seed.
    let state = 1;
    Math.random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    crypto.getRandomValues = (values) => values.map((_, at) => (values[at] = Math.floor(Math.random() * 256)));
    mermaid.initialize(config);
    try {
      const { svg } = await mermaid.render(`tg-diagram-${index}`, source);
      done.push({ svg });
    } catch (error) {
      const place = error.hash?.loc?.first_line;
      done.push({ error: String(error.message ?? error), line: place ?? null });
    }
    document.body.replaceChildren();
  }
  return done;
}
