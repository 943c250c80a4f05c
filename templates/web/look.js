/**
 * The look of the live elements: one style sheet over the deck's own tokens (--tg-…), readable from the last row.
 *
 * Sizes are px of a 1280 by 720 slide. Every token has a fallback, so that an element can stand in any page.
 */

export const TOKEN_COLOURS = 5;

const tokenColours = Array.from({ length: TOKEN_COLOURS }, (_, i) => {
  const fallback = ["#56b4e9", "#e69f00", "#2fbf95", "#cc79a7", "#f0e442"][i];
  return `.token-${i} { --colour: var(--tg-category-${i + 1}, ${fallback}); }`;
}).join("\n");

export const LOOK = `
:host {
  --ink: var(--tg-ink, CanvasText);
  --muted: var(--tg-muted, color-mix(in srgb, CanvasText 65%, Canvas));
  --line: var(--tg-line, color-mix(in srgb, CanvasText 25%, Canvas));
  --surface: var(--tg-surface, color-mix(in srgb, CanvasText 6%, Canvas));
  --accent: var(--tg-accent, #d55e00);
  --radius: var(--tg-radius, 10px);
  display: block;
  max-width: 100%;
  box-sizing: border-box;
  color: var(--ink);
  font: 400 28px/1.3 var(--tg-font-body, system-ui), system-ui, sans-serif;
  letter-spacing: normal;
  text-align: start;
  print-color-adjust: exact;
}
:host([hidden]) { display: none; }
*, *::before { box-sizing: border-box; }
${tokenColours}
.token {
  background: color-mix(in srgb, var(--colour) 22%, transparent);
  box-shadow: inset 0 0 0 2px var(--colour); /* as in figures: talkgen/figures/draw/tokens.py */
}
.mark { color: color-mix(in srgb, currentColor 55%, transparent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
