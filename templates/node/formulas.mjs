// Reads formulas as Marp's MathJax or Slidev's KaTeX does: reads {tool, packages, formulas: [{source, display}]} from the
// file that is named, and prints a JSON array: what is wrong with each, or null.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { tool, packages, formulas } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(join(packages, "formulas.cjs"));
const read = tool === "marp" ? mathjax() : katex();
const answers = formulas.map(({ source, display }) => {
  try {
    read(source, display);
    return null;
  } catch (error) {
    return String(error.message ?? error);
  }
});
process.stdout.write(JSON.stringify(answers));

// As marp-core sets it up, but that it tells of unknown commands instead of showing them in red. One document for all
// formulas, as there: what one defines the next ones know.
function mathjax() {
  const { mathjax } = require("mathjax-full/js/mathjax");
  const { TeX } = require("mathjax-full/js/input/tex");
  const { AllPackages } = require("mathjax-full/js/input/tex/AllPackages");
  const { SVG } = require("mathjax-full/js/output/svg");
  const { liteAdaptor } = require("mathjax-full/js/adaptors/liteAdaptor");
  const { RegisterHTMLHandler } = require("mathjax-full/js/handlers/html");
  RegisterHTMLHandler(liteAdaptor());
  const formatError = (_, error) => {
    throw error;
  };
  const input = new TeX({ packages: AllPackages.filter((name) => name !== "noundefined"), formatError });
  const page = mathjax.document("", { InputJax: input, OutputJax: new SVG({ fontCache: "none" }) });
  return (source, display) => page.convert(source, { display });
}

// As Slidev calls it; where it throws, Slidev shows the source.
function katex() {
  const katex = require("katex");
  return (source, displayMode) => katex.renderToString(source, { strict: false, displayMode });
}
