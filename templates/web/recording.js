/**
 * What a live block answered when the deck was built; travels in an attribute as base64 of UTF-8 JSON.
 */

/*
 * The JSON of an answer and of a recording, as talkgen/lm/answer/wire.py describes it; a test holds the two together.
 *
 * @typedef {{ id, text }} Token
 * @typedef {{ id, text, p, p_sampled, append }} Candidate
 * @typedef {{ tokens, candidates, other, entropy, kept, entropy_sampled, left_out, reused, milliseconds, model }} Answer
 * @typedef {{ name, label, digest, architecture }} Model
 * @typedef {{ bars, temperature, top_k, top_p }} Settings
 * @typedef {{ settings, p_sampled, kept, entropy_sampled }} Turned
 * @typedef {{ date, device }} Recorded
 * @typedef {{ text, p }} Truth
 * @typedef {{ element, prompt, models, settings, dials, recorded, answers, turned, answer }} Recording
 * @typedef {{ params, answer }} ElementAnswer
 * @typedef {{ element, name, title, prompt, models, params, dials, recorded, answers }} ElementRecording
 */

/** The JSON value in a base64 attribute. */
export function decodeAttribute(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The recorded answer of `model` for `text`, at some position of the dials; null where there is none. */
export function recordedAnswer(recording, model, text, settings = recording.settings) {
  const answers = recording.answers[model] ?? {};
  if (!Object.hasOwn(answers, text)) return null;
  const wanted = JSON.stringify(settings);
  if (wanted === JSON.stringify(recording.settings)) return answers[text];
  const found = (recording.turned[model]?.[text] ?? []).find(
    (turned) => JSON.stringify({ ...recording.settings, ...turned.settings }) === wanted,
  );
  return found ? turn(answers[text], found) : null;
}

/** An answer under other settings. */
function turn(answer, { p_sampled, kept, entropy_sampled }) {
  const candidates = answer.candidates.map((candidate, i) => ({ ...candidate, p_sampled: p_sampled[i] }));
  return { ...answer, candidates, kept, entropy_sampled };
}

/** The recorded prompt that is nearest to `text`: the longest one it begins with, else the block's own. */
export function nearestPrompt(recording, text) {
  const prompts = Object.keys(recording.answers[recording.models[0].name] ?? {});
  const begun = prompts.filter((prompt) => prompt && text.startsWith(prompt));
  return begun.reduce((best, prompt) => (prompt.length > best.length ? prompt : best), "") || recording.prompt;
}
