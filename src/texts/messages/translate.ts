/** Messages in English with slots like `{name}`, and the same in another language with the same slots. */
export type MessageCatalogue = Readonly<Record<string, string>>;

interface Known {
  pattern: RegExp;
  slots: string[];
  translation: string;
}

/**
 * Translates messages of errors and notices, which are made in English where they arise: a text that fits a message of
 * the catalogue, or two of them as `message. remedy`; any other text stays as it is.
 */
export function translator(catalogue: MessageCatalogue): (text: string) => string {
  let known: Known[] | undefined;
  const translate = (text: string): string | undefined => {
    // What says most of itself fits best: `{path}: not found` before `{text}`.
    known ??= Object.entries(catalogue)
      .toSorted(([one], [other]) => fixedLength(other) - fixedLength(one))
      .map(([message, translation]) => ({ ...patternOf(message), translation }));
    for (const { pattern, slots, translation } of known) {
      const found = pattern.exec(text);
      if (!found) continue;
      const values = new Map(slots.map((slot, index) => [slot, found[index + 1] ?? ""]));
      return translation.replaceAll(slot, (whole, name: string) => values.get(name) ?? whole);
    }
    return undefined;
  };
  return (text) => {
    const whole = translate(text);
    if (whole !== undefined) return whole;
    for (let end = text.indexOf(". "); end >= 0; end = text.indexOf(". ", end + 1)) {
      const message = translate(text.slice(0, end));
      const remedy = translate(text.slice(end + 2));
      if (message !== undefined && remedy !== undefined) return `${message}. ${remedy}`;
    }
    return text;
  };
}

const slot = /\{([a-z]+)\}/g;

const fixedLength = (message: string): number => message.replaceAll(slot, "").length;

function patternOf(message: string): { pattern: RegExp; slots: string[] } {
  const slots: string[] = [];
  const source = message.split(slot).map((part, index) => {
    if (index % 2 === 0) return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
    slots.push(part);
    return "(.+?)";
  });
  return { pattern: new RegExp(`^${source.join("")}$`, "s"), slots };
}
