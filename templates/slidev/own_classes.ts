// A slide's own classes are the outline's, not utilities, while the layouts of a theme keep theirs.
const OWN: string[] = [];
export default () => ({
  postprocess: [
    (utility: { selector: string }) => {
      if (OWN.includes(utility.selector.slice(1))) utility.selector = `:not(:where(.tg-own))${utility.selector}`;
    },
  ],
});
