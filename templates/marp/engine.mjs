// Marp's own engine, with three things more: a formula, which MathJax draws as a picture, is named by its TeX, slides
// say where their text begins, and a slide's style that cannot be read is told.
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

// Marp leaves out what slides say of their style, all of it, where it cannot read some, and says nothing.
function tellStyles(themes) {
  const read = (css) => {
    const { name } = themes.add(`/* @theme talkgen-read */${css}`);
    themes.delete(name);
  };
  return (md) =>
    md.core.ruler.push("talkgen_styles", ({ tokens }) => {
      let slide = 0;
      for (const { type, meta, content } of tokens) {
        if (meta?.marpitSlideElement === 1) slide += 1;
        if (type !== "marpit_style") continue;
        try {
          read(content);
        } catch ({ reason, line }) {
          console.error(`style of slide ${slide}, line ${line}: ${reason}`);
        }
      }
    });
}

export default ({ marp }) => marp.use(nameFormulas).use(tellDirection).use(tellStyles(marp.themeSet));
