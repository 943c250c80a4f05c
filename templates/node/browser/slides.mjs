// Looks at every slide of a built deck: reads {browser, url, tool, count, width, height, axe} from the file that is named
// and prints {slides: [{over, clipped, beyond, smallest, barriers, texts}], hosts, failed}. Sizes are px of the slide as it was designed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";
import { faintOnPictures } from "./contrast.mjs";
import { smallestTexts } from "./sizes.mjs";

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const axe = request.axe ? readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8") : null;

const browser = await puppeteer.launch({ executablePath: request.browser, headless: true, args: flags });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: request.width, height: request.height });
  const hosts = new Set();
  page.on("request", (asked) => {
    const { protocol, host } = new URL(asked.url());
    if (protocol.startsWith("http") && host !== new URL(request.url).host) hosts.add(host);
  });
  // What only a presenting server answers is not missed in a deck by itself, nor an icon that the browser thinks of.
  const failed = new Set();
  const miss = (url) => /^\/(api\/|demos\/|favicon\.ico$)/.test(new URL(url).pathname) || failed.add(url);
  page.on("response", (answer) => answer.status() >= 400 && miss(answer.url()));
  page.on("requestfailed", (asked) => asked.failure().errorText === "net::ERR_ABORTED" || miss(asked.url()));
  await page.goto(request.url, { waitUntil: "load" });
  if (axe) {
    await page.evaluate(axe);
    // Slidev's sheet for drawings lies over every slide: axe-core cannot tell what a text stands on below it.
    await page.addStyleTag({ content: "#slide-content > svg { display: none }" });
  }
  const slides = [];
  for (let number = 1; number <= request.count; number++) {
    const hash = request.tool === "marp" ? `#${number}` : `#/${number}`;
    await page.evaluate((to) => (location.hash = to), hash);
    const root = await waitForSlide(page, request.tool, number);
    const seen = await page.evaluate(measure, root, request.width);
    if (axe) seen.barriers = [...(await page.evaluate(examine, root)), ...(await faintOnPictures(page, root))];
    if (axe) seen.texts = await page.evaluate(smallestTexts, root, request.width);
    slides.push(seen);
  }
  process.stdout.write(JSON.stringify({ slides, hosts: [...hosts].sort(), failed: [...failed].sort() }));
} finally {
  await browser.close();
}

// The selector of the slide's root, once it stands still.
async function waitForSlide(page, tool, number) {
  const root =
    tool === "marp" ? "svg.bespoke-marp-active section[data-marpit-pagination], svg.bespoke-marp-active section"
    : await rootOfSlidevs(page, `.slidev-page-${number}`);
  await page.waitForSelector(root, { timeout: 60_000 }); // a machine that is busy takes its time
  await page.evaluate(async (selector) => {
    await document.fonts.ready;
    const pictures = [...document.querySelectorAll(`:is(${selector}) img`)];
    await Promise.all(pictures.map((picture) => picture.decode().catch(() => {})));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    // A slide that still fades in has other colours; what moves without end is not waited for.
    const ending = document.getAnimations().filter((each) => each.effect?.getComputedTiming().endTime < 10_000);
    await Promise.all(ending.map((each) => each.finished.catch(() => {})));
  }, root);
  return root;
}

// What a layout calls the slide; of one that calls nothing so, as Slidev's `none`, all of its page once it was there a while.
async function rootOfSlidevs(page, slide) {
  const layout = `${slide} .slidev-layout`;
  const seen = async (layout, slide) => {
    if (document.querySelector(layout)) return layout;
    const shown = document.querySelector(`${slide} > :not(.slidev-slide-loading)`);
    if (!shown) return null;
    await new Promise((done) => setTimeout(done, 2_000));
    return document.querySelector(layout) ? layout : slide;
  };
  const found = await page.waitForFunction(seen, { timeout: 60_000 }, layout, slide);
  return found.jsonValue();
}

// Runs in the page: how far anything shown reaches over the slide's edges, what is cut off inside it, its smallest text.
function measure(selector, width) {
  const root = document.querySelector(selector);
  const frame = root.getBoundingClientRect();
  const scale = frame.width / width;
  const over = { top: 0, right: 0, bottom: 0, left: 0 };
  const clipped = [];
  const beyond = [];
  let smallest = null;
  const LEGIBLE = 20; // px
  const words = (element) => (element.getAttribute?.("alt") || element.textContent || element.localName).trim().slice(0, 60);
  // What only a screen reader is meant to find: a formula's words, a status. It is one px large, and cut on purpose.
  const isForEars = (element, look) =>
    look.position === "absolute" && element.clientWidth <= 1 && element.clientHeight <= 1 && look.overflow !== "visible";

  // A text can be wider than the element that it stands in.
  const boxOf = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect();
  };

  const visit = (element, inside = false) => { // inside: of something that cuts off what reaches over it
    const look = getComputedStyle(element);
    if (look.display === "none" || element.classList.contains("tg-background")) return;
    if (isForEars(element, look)) return;
    const replaced = ["img", "svg", "video", "iframe", "canvas"].includes(element.localName) || element.shadowRoot;
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const boxes = replaced ? [element.getBoundingClientRect()] : texts.map(boxOf);
    for (const box of inside ? [] : boxes.filter(({ width, height }) => width && height)) {
      for (const [side, far] of [
        ["top", frame.top - box.top],
        ["left", frame.left - box.left],
        ["right", box.right - frame.right],
        ["bottom", box.bottom - frame.bottom],
      ]) {
        if (far / scale > over[side]) over[side] = Math.round(far / scale);
      }
    }
    if (texts.length) {
      const size = parseFloat(look.fontSize) * (element.currentCSSZoom ?? 1);
      if (boxes[0].width && (!smallest || size < smallest.size)) smallest = { size, words: words(element) };
    }
    // Marp makes a line of a listing smaller until it fits: what nobody can read is as good as cut off.
    const code = element.shadowRoot && element.matches("pre, marp-pre") ? element.querySelector("code") : null;
    const shown = code ? (parseFloat(getComputedStyle(code).fontSize) * boxOf(code).width) / code.offsetWidth / scale : LEGIBLE;
    if (shown < LEGIBLE) clipped.push({ wide: code.offsetWidth - element.clientWidth, tall: 0, words: words(element) });
    // KaTeX's formulas neither break nor shrink: one that is too wide reaches into what stands beside its column.
    if (element.matches(".katex-display") && element.scrollWidth > element.clientWidth) {
      const source = element.querySelector("annotation")?.textContent ?? words(element);
      beyond.push({ wide: element.scrollWidth - element.clientWidth, tall: 0, words: source.trim().slice(0, 60) });
    }
    const cuts = look.overflowX !== "visible" || look.overflowY !== "visible";
    if (cuts && element !== root && element.clientWidth) {
      const scrolls = element.closest(".tg-scroll") !== null; // what is too wide, as its author chose
      const wide = scrolls ? 0 : element.scrollWidth - element.clientWidth, tall = element.scrollHeight - element.clientHeight;
      if (wide > 1 || tall > 1) clipped.push({ wide, tall, words: words(element) });
      inside = true;
    }
    if (!replaced) for (const child of element.children) visit(child, inside);
  };
  for (const child of root.children) visit(child);
  return { over, clipped, beyond, smallest };
}

// Runs in the page: what axe-core finds serious on the slide, and headings that skip a level.
async function examine(selector) {
  const found = await axe.run(document.querySelector(selector), { resultTypes: ["violations"] });
  return found.violations
    .filter(({ id, impact }) => ["serious", "critical"].includes(impact) || id === "heading-order")
    .map(({ id, help, nodes }) => ({ rule: id, help, where: nodes[0].html.slice(0, 160) }));
}
