// The packages lie behind a link, beside which this is put. Without it Vite's server, which shows slides while they are
// written or printed, hands out their code alone: formulas would stand in any font but KaTeX's own.
import { realpathSync } from "node:fs";

export default ({ userRoot }: { userRoot: string }) => ({
  name: "talkgen-packages",
  config: () => ({ server: { fs: { allow: [realpathSync(`${userRoot}/node_modules`)] } } }),
});
