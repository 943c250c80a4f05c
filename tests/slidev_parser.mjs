// Parses Slidev decks with Slidev's own parser: `node slidev_parser.mjs PARSER`, decks as a JSON list on standard input.
import { pathToFileURL } from "node:url";

const { parseSync } = await import(pathToFileURL(process.argv[2]));
let input = "";
for await (const chunk of process.stdin) input += chunk;
const decks = JSON.parse(input).map((text) =>
  parseSync(text, "slides.md").slides.map((slide) => ({
    frontmatter: slide.frontmatter ?? {},
    content: slide.content,
    note: slide.note ?? null,
  })),
);
console.log(JSON.stringify(decks));
