// Slidev prints PDFs without tags, by which readers without eyes find their way, and has no setting for them: this is
// loaded before Slidev, and asks the browser for them at each print. A deck that offers itself as a PDF (`download`) is
// printed as it is built, which takes no path of a browser: the one that is installed prints it.
import { createRequire } from "node:module";

let playwright = null;
try {
  playwright = createRequire(`${process.cwd()}/`)("playwright-chromium");
} catch {} // not in a Slidev project: nothing is printed

if (playwright) {
  const launch = playwright.chromium.launch.bind(playwright.chromium);
  playwright.chromium.launch = async (settings) => {
    const executablePath = settings?.executablePath ?? process.env.TALKGEN_BROWSER;
    const browser = await launch({ ...settings, executablePath });
    const newContext = browser.newContext.bind(browser);
    browser.newContext = async (options) => {
      const context = await newContext(options);
      context.on("page", tag);
      return context;
    };
    return browser;
  };
}

function tag(page) {
  const print = page.pdf.bind(page);
  page.pdf = (settings) => print({ tagged: true, ...settings });
}
