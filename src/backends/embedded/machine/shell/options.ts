/** The single-letter and named options of `set`. */
export const optionNames = {
  allexport: "a",
  notify: "b",
  errexit: "e",
  noglob: "f",
  hashall: "h",
  keyword: "k",
  noexec: "n",
  nounset: "u",
  verbose: "v",
  xtrace: "x",
  braceexpand: "B",
  noclobber: "C",
  errtrace: "E",
  histexpand: "H",
  physical: "P",
  functrace: "T",
  monitor: "m",
  privileged: "p",
  pipefail: "",
  posix: "",
  emacs: "",
  vi: "",
  history: "",
  ignoreeof: "",
  nolog: "",
} as const;

export type OptionName = keyof typeof optionNames;
export type Options = Partial<Record<OptionName, boolean>>;
