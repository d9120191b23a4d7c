/** Colours, cursor movements and titles that programs write for terminals. */
const escapes = new RegExp(
  String.raw`\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])`,
  "g",
);
/** A spinner takes a character back by a backspace and writes the next one over it. */
const spinner = new RegExp(String.raw`\u0008[|/\\\- ]?`, "g");

/** An output as words between single spaces: without controls, with plain quotation marks that nothing escapes. */
export const plainText = (output: string): string =>
  output
    .replaceAll(escapes, "")
    .replaceAll(spinner, "")
    .replaceAll(/[“”„]/g, '"')
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/\\{1,8}"/g, '"')
    .replaceAll(/\s+/g, " ");

/** The same of a text that was copied from a screen which broke it in the middle of words. */
export const joinedText = (output: string): string => plainText(output.replaceAll(/\r?\n/g, ""));
