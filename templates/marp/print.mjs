// The engine with which pages are printed: the one of the deck, and talkgen's elements stand in the page, since a browser
// loads no module into a page that it opens from a file.
import { existsSync, readFileSync } from "node:fs";
import ours from "./engine.mjs";

const ELEMENTS = "talkgen.js", NATIVE = "marp.json"; // in the deck's folder, where Marp runs

function withElements(marp) {
  const render = marp.render.bind(marp);
  // Only "</script" ends a script; in JavaScript the backslash changes nothing.
  const source = readFileSync(ELEMENTS, "utf8").replaceAll("</script", "<\\/script");
  marp.render = (...asked) => {
    const page = render(...asked);
    return { ...page, html: `${page.html}<script type="module">${source}</script>` };
  };
  return marp;
}

export default (options) => {
  const marp = existsSync(NATIVE) ? options.marp : ours(options);
  return existsSync(ELEMENTS) ? withElements(marp) : marp;
};
