// Answers with a model as a page would: reads {model, texts, ids, questions} and prints what the page's code makes of them.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , code, file] = process.argv;
const { Answerer } = await import(pathToFileURL(code));
const { model, texts, ids, questions } = JSON.parse(readFileSync(file, "utf8"));
const page = new Answerer(model);

const logits = ids.map((id, position) => {
  if (position % page.context === 0) page.model.forget(0);
  page.model.read(id);
  return [...page.model.logits()];
});
page.model.forget(0);
const encoded = texts.map((text) => page.tokenizer.encode(text));
const pieces = encoded.map((tokens) => page.tokenizer.pieces(tokens));
const decoded = encoded.map((tokens) => page.tokenizer.decode(tokens));
process.stdout.write(JSON.stringify({ logits, encoded, pieces, decoded, answers: questions.map((each) => page.ask(each)) }));
