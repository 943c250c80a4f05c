// Photographs a page once two looks at it, a while apart, are the same: reads {browser, url, file, width, height, scheme}
// from the file that is named.
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";

const PATIENCE = 120_000; // ms until something is there
const STILL = 2000; // ms between two looks
const MOST = 30; // looks

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const browser = await puppeteer.launch({ executablePath: request.browser, headless: true, args: flags });
try {
  const page = await browser.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: request.scheme }]);
  await page.setViewport({ width: request.width, height: request.height, deviceScaleFactor: 2 });
  await page.goto(request.url, { waitUntil: "load", timeout: PATIENCE });
  await page.waitForSelector("button, input, textarea", { visible: true, timeout: PATIENCE });
  await page.addStyleTag({ content: "* { caret-color: transparent !important }" });
  let last = null;
  for (let look = 0; look < MOST; look++) {
    await sleep(STILL);
    const now = Buffer.from(await page.screenshot());
    if (last?.equals(now)) break;
    last = now;
  }
  writeFileSync(request.file, last);
} finally {
  await browser.close();
}
