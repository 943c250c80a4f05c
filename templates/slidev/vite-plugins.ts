// What a project's Vite needs here. The packages lie behind a link, beside which this is put: without leave Vite's server,
// which shows slides while they are written or printed, hands out their code alone, and formulas would stand in any font
// but KaTeX's own. And a site may lie in any folder of a host.
import { realpathSync } from "node:fs";

export default ({ userRoot }: { userRoot: string }) => ({
  name: "talkgen-project",
  config: () => ({ server: { fs: { allow: [realpathSync(`${userRoot}/node_modules`)] } } }),
  configResolved({ command, plugins }: any) {
    if (command !== "build") return;
    const { template } = plugins.find((each: any) => each.name === "vite:vue").api.options;
    (template.compilerOptions.nodeTransforms ??= []).push(nameFromPage);
  },
});

// What Vite leaves as it is, an element's own style and attributes it knows no address in, is named from the page, of
// which a site has one. Links stay, and so do the pages of the talk's own server.
const FROM_ROOT = /^\/(?!\/)|(?<=url\(\s*(?:\\?["'])?)\/(?!\/)/g;
const SHOWN = ["data", "href", "poster", "src", "srcset", "style"];

function nameFromPage(node: any) {
  for (const { name, value, arg, exp } of node.tag === "a" ? [] : (node.props ?? [])) {
    const isServed = name === "src" && node.tag === "talkgen-app";
    if (value && SHOWN.includes(name) && !isServed) value.content = value.content.replace(FROM_ROOT, "./");
    else if (exp?.content && arg?.content === "style") exp.content = exp.content.replace(FROM_ROOT, "./");
  }
}
