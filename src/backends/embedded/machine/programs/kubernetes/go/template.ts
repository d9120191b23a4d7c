import { isObject } from "../client/json.ts";

type Node =
  | { kind: "text"; text: string }
  | { kind: "print"; pipeline: string }
  | { kind: "block"; action: "range" | "if" | "with"; pipeline: string; body: Node[]; otherwise: Node[] };

/**
 * Runs a small part of Go's text/template: fields, literals, range, if, with, else, index, len, eq, ne, not, printf, base64decode.
 * Simplified: a real one has variables of any depth, nested templates and every builtin.
 */
export function goTemplate(template: string, data: unknown): string {
  const nodes = parse(template);
  return run(nodes, data, data, new Map());
}

function parse(template: string): Node[] {
  const root: Node[] = [];
  const stack: { list: Node[]; node?: Extract<Node, { kind: "block" }> }[] = [{ list: root }];
  const push = (node: Node): void => {
    stack.at(-1)?.list.push(node);
  };
  let at = 0;
  let trimNext = false;
  for (const match of template.matchAll(/\{\{(-\s)?\s*((?:[^"}]|"(?:[^"\\]|\\.)*"|\}(?!\}))*?)\s*(\s-)?\}\}/g)) {
    let text = template.slice(at, match.index);
    if (trimNext) text = text.trimStart();
    if (match[1] !== undefined) text = text.trimEnd();
    if (text !== "") push({ kind: "text", text });
    at = match.index + match[0].length;
    trimNext = match[3] !== undefined;
    const action = (match[2] ?? "").trim();
    const block = /^(range|if|with)\s+(.*)$/s.exec(action);
    const top = stack.at(-1);
    if (block) {
      const word = block[1];
      const node: Extract<Node, { kind: "block" }> = {
        kind: "block",
        action: word === "range" ? "range" : word === "if" ? "if" : "with",
        pipeline: block[2] ?? "",
        body: [],
        otherwise: [],
      };
      push(node);
      stack.push({ list: node.body, node });
    } else if (action === "else" && top?.node) top.list = top.node.otherwise;
    else if (action === "end") {
      if (stack.length > 1) stack.pop();
    } else if (!action.startsWith("/*")) push({ kind: "print", pipeline: action });
  }
  let tail = template.slice(at);
  if (trimNext) tail = tail.trimStart();
  if (tail !== "") push({ kind: "text", text: tail });
  return root;
}

type Scope = Map<string, unknown>;

function run(nodes: readonly Node[], dot: unknown, root: unknown, scope: Scope): string {
  let output = "";
  for (const node of nodes) {
    if (node.kind === "text") output += node.text;
    else if (node.kind === "print") {
      const assignment = /^(\$\w+)\s*:?=\s*(.*)$/s.exec(node.pipeline);
      if (assignment) scope.set(assignment[1] ?? "", evaluate(assignment[2] ?? "", dot, root, scope));
      else output += shown(evaluate(node.pipeline, dot, root, scope));
    } else output += runBlock(node, dot, root, scope);
  }
  return output;
}

function runBlock(node: Extract<Node, { kind: "block" }>, dot: unknown, root: unknown, scope: Scope): string {
  const names = /^(\$\w+)(?:\s*,\s*(\$\w+))?\s*:=\s*(.*)$/s.exec(node.pipeline);
  const value = evaluate(names?.[3] ?? node.pipeline, dot, root, scope);
  if (node.action !== "range") {
    if (!truth(value)) return run(node.otherwise, dot, root, scope);
    return run(node.body, node.action === "with" ? value : dot, root, scope);
  }
  const entries: [unknown, unknown][] = Array.isArray(value)
    ? value.map((item, i): [unknown, unknown] => [i, item])
    : isObject(value)
      ? Object.keys(value)
          .sort()
          .map((key): [unknown, unknown] => [key, value[key]])
      : [];
  if (entries.length === 0) return run(node.otherwise, dot, root, scope);
  return entries
    .map(([key, item]) => {
      const inner = new Map(scope);
      if (names?.[2] !== undefined) inner.set(names[1] ?? "", key).set(names[2], item);
      else if (names) inner.set(names[1] ?? "", item);
      return run(node.body, item, root, inner);
    })
    .join("");
}

function evaluate(pipeline: string, dot: unknown, root: unknown, scope: Scope): unknown {
  let piped: unknown[] = [];
  for (const command of split(pipeline, "|")) {
    const words = split(command, " ");
    const [head = "", ...rest] = words;
    const args = [...rest.map((word) => operand(word, dot, root, scope)), ...piped];
    piped = [call(head, args, dot, root, scope)];
  }
  return piped[0];
}

function call(name: string, args: readonly unknown[], dot: unknown, root: unknown, scope: Scope): unknown {
  const [first, ...others] = args;
  switch (name) {
    case "len":
      return typeof first === "string" || Array.isArray(first)
        ? first.length
        : isObject(first)
          ? Object.keys(first).length
          : 0;
    case "index":
      return others.reduce<unknown>((value, key) => {
        if (Array.isArray(value)) return value[Number(key)];
        return isObject(value) ? value[String(key)] : undefined;
      }, first);
    case "eq":
      return others.includes(first);
    case "ne":
      return first !== others[0];
    case "not":
      return !truth(first);
    case "and":
      return args.find((value) => !truth(value)) ?? args.at(-1);
    case "or":
      return args.find(truth) ?? args.at(-1);
    case "print":
      return args.map(shown).join("");
    case "println":
      return `${args.map(shown).join(" ")}\n`;
    case "printf":
      return others.reduce<string>(
        (text, value) =>
          text.replace(/%[svdq]/, (verb) => (verb === "%q" ? JSON.stringify(shown(value)) : shown(value))),
        shown(first),
      );
    case "base64decode":
      return Buffer.from(shown(first), "base64").toString("utf8");
    default:
      return operand(name, dot, root, scope);
  }
}

function operand(word: string, dot: unknown, root: unknown, scope: Scope): unknown {
  if (word.startsWith("(") && word.endsWith(")")) return evaluate(word.slice(1, -1), dot, root, scope);
  if (word.startsWith('"')) {
    const value: unknown = JSON.parse(word);
    return value;
  }
  if (word.startsWith("`")) return word.slice(1, -1);
  if (/^-?\d+$/.test(word)) return Number(word);
  if (word === "true" || word === "false") return word === "true";
  const variable = /^(\$\w*)(.*)$/.exec(word);
  const start = variable ? (variable[1] === "$" ? root : scope.get(variable[1] ?? "")) : dot;
  const path = (variable ? (variable[2] ?? "") : word).split(".").filter((part) => part !== "");
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), start);
}

/** Splits outside quotes and parentheses. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let current = "";
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i] ?? "";
    if (quote !== "") {
      current += char;
      if (char === "\\" && quote === '"') current += text[(i += 1)] ?? "";
      else if (char === quote) quote = "";
      continue;
    }
    if (char === '"' || char === "`") quote = char;
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    if (char === separator && depth === 0) {
      if (current.trim() !== "") parts.push(current.trim());
      current = "";
    } else current += char;
  }
  if (current.trim() !== "") parts.push(current.trim());
  return parts;
}

const truth = (value: unknown): boolean =>
  !(
    value === undefined ||
    value === null ||
    value === false ||
    value === 0 ||
    value === "" ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  );

function shown(value: unknown): string {
  if (value === undefined || value === null) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(shown).join(" ")}]`;
  if (isObject(value))
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${shown(value[key])}`)
      .join(" ")}]`;
  return String(value);
}
