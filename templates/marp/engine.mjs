// Marp's own engine, with two things more: a formula, which MathJax draws as a picture, is named by its TeX, and slides
// say where their text begins.
const FORMULAS = ["marp_math_inline", "marp_math_block"];

function nameFormulas(md) {
  for (const kind of FORMULAS) {
    const draw = md.renderer.rules[kind];
    md.renderer.rules[kind] = (tokens, index, ...rest) => {
      const words = md.utils.escapeHtml(tokens[index].content.trim().replace(/\s+/g, " "));
      return draw(tokens, index, ...rest).replace(/<svg(?=[^>]* role="img")/, `<svg aria-label="${words}"`);
    };
  }
}

const FROM_THE_RIGHT = ["ar", "he", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb"];

function tellDirection(md) {
  md.core.ruler.push("talkgen_direction", ({ tokens }) => {
    for (const token of tokens) {
      const language = token.type === "marpit_slide_open" && token.attrGet("lang");
      if (language && FROM_THE_RIGHT.includes(language.split("-")[0])) token.attrSet("dir", "rtl");
    }
  });
}

export default ({ marp }) => marp.use(nameFormulas).use(tellDirection);
