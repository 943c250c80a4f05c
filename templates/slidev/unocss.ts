// A slide's own classes are the outline's, not utilities: `class: invert` must not turn its colours negative.
export default () => ({
  postprocess: [
    (utility: { selector: string }) => {
      if (utility.selector.startsWith(".")) utility.selector = `:not(:where(.slidev-layout))${utility.selector}`;
    },
  ],
});
