// Renders Marp decks with the engine that marp-cli brings: `node marp_core.cjs ENGINE`, decks as a JSON list on standard input.
const { Marp } = require(process.argv[2]);

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => {
  const decks = JSON.parse(input).map((text) => {
    const marp = new Marp({ html: true, math: "mathjax", emoji: { shortcode: false, unicode: false } });
    const { html, css, comments } = marp.render(text, { htmlAsArray: true });
    return html.map((slide, i) => ({ html: slide, notes: comments[i], ...(i ? {} : { css }) }));
  });
  console.log(JSON.stringify(decks));
});
