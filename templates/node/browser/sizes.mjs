// Runs in the page, so it stands by itself: the smallest text of a slide in px as shown, as {body: {size, words}, figure:
// {size, words}}. A figure's texts are those in pictures, in elements that play something, in listings, captions,
// footnotes and references; the page number, headers, footers and credits are neither, nor what is small in a formula.
export async function smallestTexts(selector, width) {
  const root = document.querySelector(selector);
  const scale = root.getBoundingClientRect().width / width;
  const found = {};
  const note = (kind, size, words) => {
    if (size > 0 && !(found[kind]?.size <= size)) found[kind] = { size: Math.round(100 * size) / 100, words: words.trim().slice(0, 60) };
  };
  const NEITHER = "header, footer, .tg-page, .tg-credit, sup, sub, .katex, mjx-container, style, script";
  const FIGURE = "pre, figcaption, .tg-by, .tg-footnotes, .tg-references, svg";
  const pictures = [];

  const visit = (node, kind) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE && child.data.trim()) {
        const element = node instanceof ShadowRoot ? node.host : node;
        const box = element.getBoundingClientRect();
        if (box.width > 2 * scale && box.height > 2 * scale) // else it is for ears alone
          note(kind, parseFloat(getComputedStyle(element).fontSize) * (element.currentCSSZoom ?? 1), child.data);
      }
      if (child.nodeType !== Node.ELEMENT_NODE || child.matches(NEITHER) || getComputedStyle(child).display === "none") continue;
      if (child.localName === "img") pictures.push(child);
      if (child.shadowRoot) visit(child.shadowRoot, "figure");
      else visit(child, child.matches(FIGURE) ? "figure" : kind);
    }
  };

  // A drawing's own texts: letters, or the outlines of letters that matplotlib draws of a font of 100 units.
  const look = async (picture) => {
    // A picture that is not there is told by who asks for it; its texts are nobody's.
    const source = await fetch(picture.src).then((answer) => answer.text(), () => "<svg/>");
    const drawing = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
    const [, , wide, tall] = (drawing.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
    const box = picture.getBoundingClientRect();
    const shown = Math.min(box.width / wide, box.height / tall) / scale;
    if (!(shown > 0)) return;
    for (const letters of drawing.querySelectorAll('g[id^="text_"] g[transform*="scale"]')) {
      const [, size] = /scale\(([\d.]+)/.exec(letters.getAttribute("transform"));
      const words = [...letters.parentNode.childNodes].find(({ nodeType }) => nodeType === Node.COMMENT_NODE)?.data ?? "";
      note("figure", 100 * size * shown, words);
    }
    const holder = document.createElement("div");
    holder.style.cssText = "position:absolute;visibility:hidden;inset:0 auto auto 0";
    drawing.setAttribute("width", wide);
    drawing.setAttribute("height", tall);
    holder.append(document.importNode(drawing, true));
    document.body.append(holder);
    for (const text of holder.querySelectorAll("text, tspan")) {
      const own = [...text.childNodes].filter(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
      const { a, b } = text.getCTM() ?? { a: 1, b: 0 };
      if (own.length) note("figure", parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b) * shown, own[0].data);
    }
    holder.remove();
  };

  visit(root, "body");
  for (const picture of pictures) if (/\.svg([?#]|$)|^data:image\/svg/.test(picture.src)) await look(picture);
  return found;
}
