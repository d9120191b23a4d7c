import { isObject } from "../client/json.ts";
import { toJson } from "./json.ts";

type Node =
  | { kind: "text"; text: string }
  | { kind: "expression"; steps: Step[] }
  | { kind: "range"; steps: Step[]; body: Node[] };

type Step =
  | { kind: "field"; name: string }
  | { kind: "recursive" }
  | { kind: "wildcard" }
  | { kind: "slice"; from: number | undefined; to: number | undefined; step: number; single: boolean }
  | { kind: "union"; items: string[] }
  | { kind: "filter"; left: string; operator: string; right: string };

/** A template that Kubernetes's JSONPath refuses; the message is its own. */
export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}

/** Runs a Kubernetes JSONPath template such as `{range .items[*]}{.metadata.name}{"\n"}{end}`. */
export function jsonPath(template: string, data: unknown): string {
  return evaluate(parse(template), [data], data);
}

/** The values one expression finds; braces and the leading `$` or `.` may be left out. */
export function jsonPathValues(expression: string, data: unknown): unknown[] {
  const inner = expression.replace(/^\{/, "").replace(/\}$/, "");
  return walk(
    [data],
    parseSteps(inner.startsWith(".") || inner.startsWith("[") || inner.startsWith("$") ? inner : `.${inner}`),
    data,
  );
}

function parse(template: string): Node[] {
  const root: Node[] = [];
  const stack: Node[][] = [root];
  let at = 0;
  const current = (): Node[] => stack.at(-1) ?? root;
  while (at < template.length) {
    const open = template.indexOf("{", at);
    if (open < 0) {
      current().push({ kind: "text", text: template.slice(at) });
      break;
    }
    if (open > at) current().push({ kind: "text", text: template.slice(at, open) });
    const close = closing(template, open);
    if (close < 0) throw new JsonPathError("unclosed action");
    const action = template.slice(open + 1, close).trim();
    at = close + 1;
    if (action === "end") {
      if (stack.length === 1) throw new JsonPathError("not in range, nothing to end");
      stack.pop();
    } else if (/^range\s/.test(action)) {
      const node: Node = { kind: "range", steps: parseSteps(action.slice(5).trim()), body: [] };
      current().push(node);
      stack.push(node.body);
    } else for (const node of parseAction(action)) current().push(node);
  }
  return root;
}

function closing(text: string, from: number): number {
  let quote = "";
  for (let i = from + 1; i < text.length; i += 1) {
    const char = text[i] ?? "";
    if (quote !== "") {
      if (char === "\\") i += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "}") return i;
  }
  return -1;
}

function parseAction(action: string): Node[] {
  const nodes: Node[] = [];
  let rest = action;
  while (rest !== "") {
    const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*/.exec(rest);
    if (quoted) {
      nodes.push({ kind: "text", text: unescape(quoted[1] ?? quoted[2] ?? "") });
      rest = rest.slice(quoted[0].length);
      continue;
    }
    const expression = /^(?:[^\s"'[]|\[(?:[^\]"']|"[^"]*"|'[^']*')*\])+/.exec(rest)?.[0] ?? rest;
    nodes.push({ kind: "expression", steps: parseSteps(expression) });
    rest = rest.slice(expression.length).trimStart();
  }
  return nodes;
}

const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_, char: string) =>
    char === "n" ? "\n" : char === "t" ? "\t" : char === "r" ? "\r" : char,
  );

function parseSteps(expression: string): Step[] {
  const steps: Step[] = [];
  let rest = expression.replace(/^[$@]/, "");
  while (rest !== "") {
    if (rest.startsWith("..")) {
      steps.push({ kind: "recursive" });
      rest = rest.slice(2);
      if (!rest.startsWith("[")) rest = `.${rest}`;
      continue;
    }
    if (rest.startsWith("[")) {
      const close = bracketEnd(rest);
      if (close < 0) throw new JsonPathError("unterminated array");
      steps.push(bracket(rest.slice(1, close).trim()));
      rest = rest.slice(close + 1);
      continue;
    }
    if (rest.startsWith(".")) {
      const name = /^\.((?:\\.|[^.[\\])*)/.exec(rest)?.[1] ?? "";
      rest = rest.slice(name.length + 1);
      if (name === "*") steps.push({ kind: "wildcard" });
      else if (name !== "") steps.push({ kind: "field", name: name.replaceAll(/\\(.)/g, "$1") });
      continue;
    }
    throw new JsonPathError(`unrecognized identifier ${rest}`);
  }
  return steps;
}

function bracketEnd(text: string): number {
  // What stands inside a filter's parentheses may have brackets of its own.
  let depth = 0;
  let quote = "";
  for (let i = 1; i < text.length; i += 1) {
    const char = text[i] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    else if (char === "]" && depth <= 0) return i;
  }
  return -1;
}

function bracket(inner: string): Step {
  if (inner === "*") return { kind: "wildcard" };
  const filter = /^\?\((.*)\)$/.exec(inner);
  if (filter) {
    const parts = /^(.+?)\s*(==|!=|>=|<=|>|<)\s*(.+)$/.exec(filter[1] ?? "");
    if (!parts) return { kind: "filter", left: (filter[1] ?? "").trim(), operator: "exists", right: "" };
    return { kind: "filter", left: (parts[1] ?? "").trim(), operator: parts[2] ?? "", right: (parts[3] ?? "").trim() };
  }
  const slice = /^(-?\d+)?(?:(:)(-?\d+)?(?::(-?\d+))?)?$/.exec(inner);
  if (slice && inner !== "") {
    const from = slice[1] === undefined ? undefined : Number(slice[1]);
    const to = slice[3] === undefined ? undefined : Number(slice[3]);
    return { kind: "slice", from, to, step: Number(slice[4] ?? 1), single: slice[2] === undefined };
  }
  const items = inner.split(",").map((item) => item.trim().replace(/^(['"])(.*)\1$/, "$2"));
  if (items.length > 1) return { kind: "union", items };
  if (/^['"]/.test(inner)) return { kind: "field", name: items[0] ?? "" };
  throw new JsonPathError(`invalid array index ${inner}`);
}

function walk(start: readonly unknown[], steps: readonly Step[], root: unknown): unknown[] {
  let values: readonly unknown[] = start;
  for (const step of steps) values = values.flatMap((value) => take(value, step, root));
  return [...values];
}

function take(value: unknown, step: Step, root: unknown): unknown[] {
  switch (step.kind) {
    case "field": {
      if (Array.isArray(value)) return [];
      return isObject(value) && step.name in value ? [value[step.name]] : [];
    }
    case "wildcard":
      return Array.isArray(value)
        ? value
        : isObject(value)
          ? Object.keys(value)
              .sort()
              .map((key) => value[key])
          : [];
    case "recursive":
      return [value, ...descendants(value)];
    case "slice": {
      if (!Array.isArray(value)) return [];
      const index = (at: number): number => (at < 0 ? at + value.length : at);
      if (step.single) {
        const at = index(step.from ?? 0);
        if (at < 0 || at >= value.length) {
          throw new JsonPathError(`array index out of bounds: index ${step.from ?? 0}, length ${value.length}`);
        }
        return [value[at]];
      }
      const chosen: unknown[] = [];
      const to = step.to === undefined ? value.length : index(step.to);
      for (let i = index(step.from ?? 0); i < Math.min(to, value.length); i += Math.max(1, step.step))
        chosen.push(value[i]);
      return chosen;
    }
    case "union":
      return step.items.flatMap((item) => {
        if (Array.isArray(value) && /^-?\d+$/.test(item)) return value.slice(Number(item)).slice(0, 1);
        return isObject(value) && item in value ? [value[item]] : [];
      });
    case "filter": {
      if (!Array.isArray(value)) return [];
      return value.filter((item: unknown) => matches(item, step, root));
    }
  }
}

function matches(item: unknown, step: Extract<Step, { kind: "filter" }>, root: unknown): boolean {
  const [left] = operand(step.left, item, root);
  if (step.operator === "exists") return operand(step.left, item, root).length > 0;
  const [right] = operand(step.right, item, root);
  if (left === undefined) return false;
  const numbers = typeof left === "number" && typeof right === "number";
  const a = numbers ? left : String(left);
  const b = numbers ? right : String(right);
  switch (step.operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case ">":
      return a > b;
    case "<":
      return a < b;
    case ">=":
      return a >= b;
    default:
      return a <= b;
  }
}

function operand(text: string, item: unknown, root: unknown): unknown[] {
  if (/^['"]/.test(text)) return [text.slice(1, -1)];
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return [Number(text)];
  if (text === "true" || text === "false") return [text === "true"];
  return walk([text.startsWith("$") ? root : item], parseSteps(text), root);
}

function descendants(value: unknown): unknown[] {
  const children: unknown[] = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function evaluate(nodes: readonly Node[], scope: readonly unknown[], root: unknown): string {
  return nodes
    .map((node) => {
      if (node.kind === "text") return node.text;
      const values = walk(scope, node.steps, root);
      if (node.kind === "range") return values.map((value) => evaluate(node.body, [value], root)).join("");
      return values.map(printed).join(" ");
    })
    .join("");
}

/** A value as the template prints it: text bare, anything structured as JSON. */
export function printed(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? toJson(value) : String(value);
}
