// Slidev compiles unknown tags as Vue components; the live elements are custom elements of the page. Only what says its
// scheme is an address: `main.py` is a file, though Paraguay has the domain.
import { readFileSync } from "node:fs";

const fetched: Record<string, string> = {};

// Style sheets of themes and addons show the deck's copies of what is on other hosts.
const ADDRESS = /(?<=["'(])(?:https?:)?\/\/[^"')]+/g;
const copies = {
  postcssPlugin: "talkgen-copies",
  Declaration(each: any) {
    each.value = each.value.replace(ADDRESS, (address: string) => fetched[address] ?? address);
  },
  AtRule: {
    import(rule: any, { postcss }: any) {
      const copy = fetched[rule.params.match(ADDRESS)?.[0]];
      if (copy) rule.replaceWith(postcss.parse(readFileSync(`${import.meta.dirname}/public${copy}`, "utf8")));
    },
  },
};

export default {
  css: { postcss: { plugins: [copies] } },
  slidev: {
    markdown: { markdownSetup: (md: any) => void md.linkify.set({ fuzzyLink: false }) },
    vue: { template: { compilerOptions: { isCustomElement: (tag: string) => tag.startsWith("talkgen-") } } },
  },
};
