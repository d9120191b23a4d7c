export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

const names: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads a document of elements, attributes and text, as strictly as XML asks; throws where it is not well-formed. */
export function readXml(source: string): Element {
  for (const character of source) {
    const code = character.codePointAt(0) ?? 0;
    const allowed =
      (code >= 0x20 && code < 0xd800) ||
      (code > 0xdfff && code < 0xfffe) ||
      code > 0xffff ||
      "\t\n\r".includes(character);
    if (!allowed) throw new Error(`character ${code} is not allowed`);
  }
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  const body = source.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "");
  const token = /<\/(?<end>[\w]+)>|<(?<begin>[\w]+)(?<attributes>(?: [\w-]+="[^"<]*")*)(?<empty>\/?)>|(?<text>[^<]+)/y;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const found = token.exec(body)?.groups;
    const inner = open.at(-1);
    if (!found || !inner) throw new Error(`not well-formed at ${body.slice(at, at + 40)}`);
    if (found["text"] !== undefined) inner.text += decoded(found["text"].replaceAll(/\r\n?/g, "\n"));
    else if (found["end"] !== undefined) {
      if (open.pop()?.name !== found["end"]) throw new Error(`${found["end"]} ends what is not open`);
    } else {
      const element: Element = { name: found["begin"] ?? "", attributes: {}, children: [], text: "" };
      for (const [, name = "", value = ""] of (found["attributes"] ?? "").matchAll(/ ([\w-]+)="([^"]*)"/g)) {
        if (name in element.attributes) throw new Error(`${name} is there twice`);
        element.attributes[name] = decoded(value.replaceAll(/[\t\n\r]/g, " "));
      }
      inner.children.push(element);
      if (found["empty"] === "") open.push(element);
    }
  }
  const [only] = root.children;
  if (open.length !== 1 || root.children.length !== 1 || !only || root.text.trim() !== "")
    throw new Error("not one root");
  return only;
}

function decoded(text: string): string {
  return text.replaceAll(/&([^;]*);?/g, (whole, name: string) => {
    const character = /^#\d+$/.test(name) ? String.fromCodePoint(Number(name.slice(1))) : names[name];
    if (character === undefined || !whole.endsWith(";")) throw new Error(`${whole} is no entity`);
    return character;
  });
}

/** All elements of that name, in the order of the document. */
export const elements = (within: Element, name: string): Element[] =>
  within.children.flatMap((child) => [...(child.name === name ? [child] : []), ...elements(child, name)]);
