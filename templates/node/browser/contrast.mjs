// How well texts stand out from a picture behind them, where axe-core cannot tell: their colour is held against the
// picture's own pixels, photographed without the text.
const SHARE = 0.1; // of the pixels behind a text that may fall short of the contrast that is asked

// The texts in `selector` that stand out too little, as axe-core's findings are.
export async function faintOnPictures(page, selector) {
  const texts = await page.evaluate(findUnsure, selector);
  if (!texts.length) return [];
  const hidden = await page.addStyleTag({
    content: "* { color: transparent !important; -webkit-text-fill-color: transparent !important; text-shadow: none !important; transition: none !important }",
  });
  const found = [];
  for (const { box, ...text } of texts) {
    const picture = await page.screenshot({ clip: box, encoding: "base64" });
    const worst = await page.evaluate(contrastOf, picture, text.color, SHARE);
    if (worst < text.least) {
      const help = `Text on a picture has a contrast of ${worst.toFixed(1)}, at least ${text.least} is needed`;
      found.push({ rule: "color-contrast", help, where: text.where });
    }
  }
  await hidden.evaluate((style) => style.remove());
  return found;
}

// Runs in the page: what axe-core leaves open of contrast, with each text's colour, box and the least that is asked of it.
async function findUnsure(selector) {
  const open = await axe.run(document.querySelector(selector), { runOnly: ["color-contrast"], resultTypes: ["incomplete"] });
  const nodes = open.incomplete.flatMap((rule) => rule.nodes);
  const onPicture = nodes.filter((node) => node.any.some((check) => ["bgImage", "imgNode", "bgOverlap"].includes(check.data?.messageKey)));
  return onPicture.flatMap((node) => {
    const element = node.target.length === 1 && typeof node.target[0] === "string" ? document.querySelector(node.target[0]) : null;
    if (!element) return [];
    const range = document.createRange();
    range.selectNodeContents(element);
    const { x, y, width, height } = range.getBoundingClientRect();
    if (width < 1 || height < 1) return [];
    const look = getComputedStyle(element);
    const size = parseFloat(look.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(look.fontWeight) >= 700); // WCAG 2.2, 1.4.3
    const color = look.color.match(/[\d.]+/g).slice(0, 3).map(Number);
    return [{ box: { x, y, width, height }, color, least: large ? 3 : 4.5, where: node.html.slice(0, 160) }];
  });
}

// Runs in the page: the contrast of a colour with the pixels of a picture that all but `share` of them have at least.
async function contrastOf(picture, color, share) {
  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (r, g, b) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b); // WCAG 2.2, relative luminance
  const own = luminance(...color);
  const contrasts = [];
  for (let at = 0; at < data.length; at += 4) {
    const behind = luminance(data[at], data[at + 1], data[at + 2]);
    contrasts.push((Math.max(own, behind) + 0.05) / (Math.min(own, behind) + 0.05));
  }
  contrasts.sort((a, b) => a - b);
  return contrasts[Math.floor(share * contrasts.length)];
}
