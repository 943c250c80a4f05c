// Slidev compiles unknown tags as Vue components; the live elements are custom elements of the page. Only what says its
// scheme is an address: `main.py` is a file, though Paraguay has the domain.
export default {
  slidev: {
    markdown: { markdownSetup: (md: any) => void md.linkify.set({ fuzzyLink: false }) },
    vue: { template: { compilerOptions: { isCustomElement: (tag: string) => tag.startsWith("talkgen-") } } },
  },
};
