/** The labs in groups that take about the same time to test; every lab is in one of them. */
export const labGroups = {
  literature: ["containers", "kubernetes", "webassembly", "wasm-meets-kubernetes"],
  method1: ["control-plane", "crun-build", "crun-node", "crun-deploy"],
  method2: ["spin-build", "spin-node", "spin-deploy"],
  discussion: ["challenges", "compare"],
} as const;
