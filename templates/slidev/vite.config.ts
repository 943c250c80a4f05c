// Slidev compiles unknown tags as Vue components; the live elements are custom elements of the page.
export default {
  slidev: {
    vue: { template: { compilerOptions: { isCustomElement: (tag: string) => tag.startsWith("talkgen-") } } },
  },
};
