/** Who may import whom: the table "The flow, in one line" of the design, as rules. */
const layers = {
  domain: [],
  content: ["domain"],
  checks: ["domain"],
  kube: ["domain"],
  process: ["domain"],
  remote: ["domain"],
  recipes: ["domain"],
  failures: ["domain"],
  offline: ["domain", "recipes"],
  backends: ["domain", "process", "remote"],
  grading: ["domain", "texts"],
  progress: ["domain"],
  texts: ["domain"],
  figures: ["domain"],
  runner: ["domain", "content", "checks", "grading", "failures"],
  ui: ["domain", "runner", "texts", "figures", "failures"],
};
const thirdParty = {
  domain: [],
  content: ["zod", "yaml"],
  checks: [],
  kube: ["@kubernetes/client-node"],
  process: ["execa"],
  remote: [],
  recipes: ["zod", "yaml"],
  failures: [],
  offline: [],
  runner: ["xstate"],
  progress: [],
  texts: [],
  figures: ["string-width"],
  ui: ["ink", "react", "@xterm/headless", "string-width"],
};
const folder = (name) => `^src/${name}/`;

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    { name: "nobody-imports-cli", severity: "error", from: { pathNot: folder("cli") }, to: { path: folder("cli") } },
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `${layer}-imports`,
      severity: "error",
      from: { path: folder(layer) },
      to: {
        path: "^(src|scenarios)/",
        pathNot: [folder(layer), ...allowed.map(folder), ...(layer === "runner" ? ["^scenarios/"] : [])],
      },
    })),
    {
      name: "scenarios-imports",
      severity: "error",
      from: { path: "^scenarios/" },
      to: { path: "^src/", pathNot: "^src/domain/" },
    },
    ...Object.entries(thirdParty).map(([layer, allowed]) => ({
      name: `${layer}-third-party`,
      severity: "error",
      from: { path: folder(layer) },
      to: {
        dependencyTypes: ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"],
        pathNot: allowed.length > 0 ? `node_modules/(${allowed.join("|").replaceAll("/", "\\/")})/` : "^$",
      },
    })),
    {
      name: "no-backend-sees-another",
      severity: "error",
      from: { path: "^src/backends/([^/]+)/" },
      to: { path: "^src/backends/([^/]+)/", pathNot: "^src/backends/$1/" },
    },
    {
      name: "multipass-client-stands-alone",
      severity: "error",
      from: { path: "^src/backends/multipass/client/" },
      to: { path: "^src/", pathNot: ["^src/backends/multipass/client/", folder("process")] },
    },
    {
      name: "only-process-imports-execa",
      severity: "error",
      from: { pathNot: folder("process") },
      to: { path: "node_modules/execa/" },
    },
    {
      name: "only-kube-imports-client-node",
      severity: "error",
      from: { pathNot: [folder("kube"), "^scripts/"] },
      to: { path: "node_modules/@kubernetes/client-node/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    parser: "swc",
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".json"],
    },
  },
};
