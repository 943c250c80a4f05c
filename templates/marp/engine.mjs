// Marp's own engine, with one thing more: a formula, which MathJax draws as a picture, is named by its TeX.
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

export default ({ marp }) => marp.use(nameFormulas);
