/**
 * Models that answer in the page itself, without a server: those whose weights the deck carries (talkgen-models.js).
 *
 * They work in a thread of their own, made from a function's text, since a page opened from disk may load no file; where
 * no thread is to be had, in the page's own. A model is unpacked when it is first asked.
 */

const asked = new Map(); // name -> what sends it a question

/** Whether the deck carries the model `name`. */
export function isInPage(name) {
  return Object.hasOwn(globalThis.talkgenPage?.models ?? {}, name);
}

/**
 * The answer of the model that a question names, as the server would give it: `{answer}` or `{refused}`. Rejects where its
 * thread failed; the next question opens another.
 */
export function askInPage(question) {
  const { model } = question;
  if (!asked.has(model)) {
    asked.set(model, openThread(globalThis.talkgenPage.models[model], () => asked.delete(model)));
  }
  return asked.get(model)(question);
}

function openThread(model, failed) {
  const { code } = globalThis.talkgenPage;
  const source = `const Answerer = (${code})();
    let page;
    onmessage = ({ data }) => {
      if (data.model) page = new Answerer(data.model);
      else postMessage({ id: data.id, reply: page.ask(data.question) });
    };`;
  try {
    return send(new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))), model, failed);
  } catch {
    const page = new (code())(model);
    return async (question) => page.ask(question);
  }
}

function send(thread, model, failed) {
  const waiting = new Map();
  let count = 0;
  thread.onmessage = ({ data }) => {
    waiting.get(data.id).answered(data.reply);
    waiting.delete(data.id);
  };
  thread.onerror = (event) => {
    event.preventDefault(); // told by what is shown instead
    thread.terminate();
    failed();
    waiting.forEach(({ refused }) => refused(new Error(event.message)));
  };
  thread.postMessage({ model });
  return (question) =>
    new Promise((answered, refused) => {
      waiting.set(++count, { answered, refused });
      thread.postMessage({ id: count, question });
    });
}
