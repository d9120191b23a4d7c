import type { Filter } from "./jq-parse.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What jq says when a filter meets a value it cannot take. */
export class JqError extends Error {
  override readonly name = "JqError";
  readonly value: Json;
  constructor(value: Json) {
    super(typeof value === "string" ? value : `${JSON.stringify(value)} (not a string)`);
    this.value = value;
  }
}

const typeOf = (value: Json): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

const isObject = (value: Json): value is { [key: string]: Json } => typeOf(value) === "object";

const isTrue = (value: Json): boolean => value !== null && value !== false;

const shown = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length > 11 ? `${text.slice(0, 10)}...` : text;
};

const order = ["null", "false", "true", "number", "string", "array", "object"];

const rank = (value: Json): number => order.indexOf(typeof value === "boolean" ? String(value) : typeOf(value));

function compare(a: Json, b: Json): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
      const result = compare(a[index] ?? null, b[index] ?? null);
      if (result !== 0) return result;
    }
    return a.length - b.length;
  }
  if (isObject(a) && isObject(b)) {
    const keys = compare(Object.keys(a).sort(), Object.keys(b).sort());
    if (keys !== 0) return keys;
    for (const key of Object.keys(a).sort()) {
      const result = compare(a[key] ?? null, b[key] ?? null);
      if (result !== 0) return result;
    }
  }
  return 0;
}

interface Scope {
  variables: ReadonlyMap<string, Json>;
  env: Readonly<Record<string, string>>;
}

function* evaluate(filter: Filter, input: Json, scope: Scope): Generator<Json> {
  switch (filter.kind) {
    case "identity":
      yield input;
      return;
    case "recurse":
      yield* descend(input);
      return;
    case "literal":
      yield filter.value;
      return;
    case "text": {
      let results = [""];
      for (const part of filter.parts) {
        const texts =
          typeof part === "string"
            ? [part]
            : [...evaluate(part, input, scope)].map((value) => formatted(filter.format, value));
        results = results.flatMap((result) => texts.map((text) => result + text));
      }
      yield* results;
      return;
    }
    case "field":
      for (const of of evaluate(filter.of, input, scope)) {
        for (const name of evaluate(filter.name, input, scope)) {
          try {
            yield member(of, name);
          } catch (error) {
            if (!(error instanceof JqError) || !filter.optional) throw error;
          }
        }
      }
      return;
    case "slice":
      for (const of of evaluate(filter.of, input, scope)) {
        const from = filter.from ? first(filter.from, input, scope) : null;
        const to = filter.to ? first(filter.to, input, scope) : null;
        if (of === null) yield null;
        else if (typeof of === "string" || Array.isArray(of))
          yield of.slice(typeof from === "number" ? from : 0, typeof to === "number" ? to : of.length);
        else throw new JqError(`Cannot index ${typeOf(of)} with object`);
      }
      return;
    case "iterate":
      for (const of of evaluate(filter.of, input, scope)) {
        if (Array.isArray(of)) yield* of;
        else if (isObject(of)) yield* Object.values(of);
        else if (!filter.optional)
          throw new JqError(`Cannot iterate over ${typeOf(of)}${of === null ? "" : ` (${shown(of)})`}`);
      }
      return;
    case "pipe":
      for (const value of evaluate(filter.left, input, scope)) yield* evaluate(filter.right, value, scope);
      return;
    case "comma":
      yield* evaluate(filter.left, input, scope);
      yield* evaluate(filter.right, input, scope);
      return;
    case "binary":
      yield* binary(filter.operator, filter.left, filter.right, input, scope);
      return;
    case "negate":
      for (const value of filter.of ? evaluate(filter.of, input, scope) : []) {
        if (typeof value !== "number") throw new JqError(`${typeOf(value)} (${shown(value)}) cannot be negated`);
        yield -value;
      }
      return;
    case "array":
      yield filter.of ? [...evaluate(filter.of, input, scope)] : [];
      return;
    case "try":
      try {
        if (filter.of) yield* evaluate(filter.of, input, scope);
      } catch (error) {
        if (!(error instanceof JqError)) throw error;
        if (filter.handler) yield* evaluate(filter.handler, error.value, scope);
      }
      return;
    case "object":
      yield* objects(filter.entries, input, scope);
      return;
    case "if":
      for (const test of evaluate(filter.test, input, scope)) {
        if (isTrue(test)) yield* evaluate(filter.yes, input, scope);
        else if (filter.no) yield* evaluate(filter.no, input, scope);
        else yield input;
      }
      return;
    case "bind":
      for (const value of evaluate(filter.of, input, scope))
        yield* evaluate(filter.body, input, withVariable(scope, filter.name, value));
      return;
    case "variable": {
      if (filter.name === "ENV") {
        yield { ...scope.env };
        return;
      }
      const value = scope.variables.get(filter.name);
      if (value === undefined) throw new JqError(`$${filter.name} is not defined`);
      yield value;
      return;
    }
    case "reduce":
    case "foreach": {
      let state: Json = first(filter.initial, input, scope) ?? null;
      for (const value of evaluate(filter.of, input, scope)) {
        state = first(filter.update, state, withVariable(scope, filter.name, value)) ?? null;
        if (filter.kind === "foreach") yield state;
      }
      if (filter.kind === "reduce") yield state;
      return;
    }
    case "format":
      yield formatted(filter.name, input);
      return;
    case "call":
      yield* call(filter.name, filter.args, input, scope);
  }
}

const withVariable = (scope: Scope, name: string, value: Json): Scope => ({
  ...scope,
  variables: new Map([...scope.variables, [name, value]]),
});

function first(filter: Filter, input: Json, scope: Scope): Json | undefined {
  for (const value of evaluate(filter, input, scope)) return value;
  return undefined;
}

function* descend(value: Json): Generator<Json> {
  yield value;
  for (const inner of Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []) yield* descend(inner);
}

function member(of: Json, name: Json): Json {
  if (of === null) return null;
  if (isObject(of) && typeof name === "string") return of[name] ?? null;
  if (Array.isArray(of) && typeof name === "number") return of.at(Math.floor(name)) ?? null;
  const index = typeof name === "string" ? `string "${name}"` : typeOf(name);
  throw new JqError(`Cannot index ${typeOf(of)} with ${index}`);
}

function* objects(entries: readonly { key: Filter; value: Filter }[], input: Json, scope: Scope): Generator<Json> {
  const [entry, ...rest] = entries;
  if (!entry) {
    yield {};
    return;
  }
  for (const key of evaluate(entry.key, input, scope)) {
    if (typeof key !== "string") throw new JqError(`Object keys must be strings`);
    for (const value of evaluate(entry.value, input, scope)) {
      for (const others of objects(rest, input, scope)) yield { [key]: value, ...(isObject(others) ? others : {}) };
    }
  }
}

function* binary(operator: string, left: Filter, right: Filter, input: Json, scope: Scope): Generator<Json> {
  if (operator === "and" || operator === "or") {
    for (const a of evaluate(left, input, scope)) {
      if (isTrue(a) === (operator === "or")) yield operator === "or";
      else for (const b of evaluate(right, input, scope)) yield isTrue(b);
    }
    return;
  }
  if (operator === "//") {
    let any = false;
    try {
      for (const value of evaluate(left, input, scope)) {
        if (!isTrue(value)) continue;
        any = true;
        yield value;
      }
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
    }
    if (!any) yield* evaluate(right, input, scope);
    return;
  }
  if (/^(?:[|+*/-]|\/\/)?=$/.test(operator)) {
    yield assign(operator, left, right, input, scope);
    return;
  }
  for (const b of evaluate(right, input, scope))
    for (const a of evaluate(left, input, scope)) yield combine(operator, a, b);
}

function combine(operator: string, a: Json, b: Json): Json {
  switch (operator) {
    case "==":
      return compare(a, b) === 0;
    case "!=":
      return compare(a, b) !== 0;
    case "<":
      return compare(a, b) < 0;
    case "<=":
      return compare(a, b) <= 0;
    case ">":
      return compare(a, b) > 0;
    case ">=":
      return compare(a, b) >= 0;
    default:
  }
  const both = (kind: string): boolean => typeOf(a) === kind && typeOf(b) === kind;
  const names: Record<string, string> = {
    "+": "added",
    "-": "subtracted",
    "*": "multiplied",
    "/": "divided",
    "%": "divided",
  };
  if (operator === "+") {
    if (a === null) return b;
    if (b === null) return a;
    if (typeof a === "string" && typeof b === "string") return a + b;
    if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
    if (isObject(a) && isObject(b)) return { ...a, ...b };
  }
  if (operator === "-" && Array.isArray(a) && Array.isArray(b))
    return a.filter((one) => !b.some((other) => compare(one, other) === 0));
  if (operator === "*" && isObject(a) && isObject(b)) return merge(a, b);
  if (operator === "*" && typeof a === "string" && typeof b === "number")
    return b > 0 ? a.repeat(Math.max(1, Math.floor(b))) : null;
  if (operator === "/" && typeof a === "string" && typeof b === "string") return a.split(b);
  if (both("number") && typeof a === "number" && typeof b === "number") {
    if ((operator === "/" || operator === "%") && b === 0)
      throw new JqError(`number (${a}) and number (${b}) cannot be divided because the divisor is zero`);
    return operator === "+"
      ? a + b
      : operator === "-"
        ? a - b
        : operator === "*"
          ? a * b
          : operator === "/"
            ? a / b
            : Math.trunc(a) % Math.trunc(b);
  }
  throw new JqError(
    `${typeOf(a)} (${shown(a)}) and ${typeOf(b)} (${shown(b)}) cannot be ${names[operator] ?? "combined"}`,
  );
}

function merge(a: { [key: string]: Json }, b: { [key: string]: Json }): Json {
  const result = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const old = result[key] ?? null;
    result[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return result;
}

type Path = (string | number)[];

function* paths(filter: Filter, input: Json, base: Path, scope: Scope): Generator<Path> {
  switch (filter.kind) {
    case "identity":
      yield base;
      return;
    case "field":
      for (const path of paths(filter.of, input, base, scope)) {
        const name = first(filter.name, input, scope);
        if (typeof name === "string" || typeof name === "number") yield [...path, name];
      }
      return;
    case "iterate":
      for (const path of paths(filter.of, input, base, scope)) {
        const value = getPath(input, path.slice(base.length));
        for (const key of keysOf(value)) yield [...path, key];
      }
      return;
    case "pipe":
      for (const path of paths(filter.left, input, base, scope))
        yield* paths(filter.right, getPath(input, path.slice(base.length)), path, scope);
      return;
    case "comma":
      yield* paths(filter.left, input, base, scope);
      yield* paths(filter.right, input, base, scope);
      return;
    case "recurse":
      yield base;
      for (const key of keysOf(input)) yield* paths(filter, member(input, key), [...base, key], scope);
      return;
    case "call": {
      const [arg] = filter.args;
      if (filter.name === "select" && arg) {
        for (const test of evaluate(arg, input, scope)) if (isTrue(test)) yield base;
        return;
      }
      break;
    }
    case "try":
      if (filter.of) yield* paths(filter.of, input, base, scope);
      return;
    default:
  }
  throw new JqError("Invalid path expression");
}

const keysOf = (value: Json): (string | number)[] =>
  Array.isArray(value) ? value.map((_, index) => index) : isObject(value) ? Object.keys(value) : [];

const getPath = (value: Json, path: Path): Json => path.reduce<Json>((inner, key) => member(inner, key), value);

function setPath(value: Json, path: Path, replacement: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return replacement ?? null;
  if (typeof key === "number") {
    const list = Array.isArray(value) ? [...value] : [];
    if (rest.length === 0 && replacement === undefined) list.splice(key, 1);
    else list[key < 0 ? list.length + key : key] = setPath(list[key] ?? null, rest, replacement);
    return list.map((item) => item ?? null);
  }
  if (value !== null && !isObject(value)) throw new JqError(`Cannot index ${typeOf(value)} with "${key}"`);
  const result = { ...value };
  if (rest.length === 0 && replacement === undefined) delete result[key];
  else result[key] = setPath(result[key] ?? null, rest, replacement);
  return result;
}

function assign(operator: string, left: Filter, right: Filter, input: Json, scope: Scope): Json {
  let result = input;
  for (const path of paths(left, input, [], scope)) {
    const old = getPath(result, path);
    if (operator === "|=") result = setPath(result, path, first(right, old, scope));
    else {
      const value = first(right, input, scope) ?? null;
      const name = operator.slice(0, -1);
      result = setPath(
        result,
        path,
        name === "" ? value : name === "//" ? (isTrue(old) ? old : value) : combine(name, old, value),
      );
    }
  }
  return result;
}

function formatted(name: string, value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const row = (quoteText: (cell: string) => string, glue: string): string => {
    if (!Array.isArray(value))
      throw new JqError(`${typeOf(value)} (${shown(value)}) cannot be ${name}-formatted, only an array can be`);
    return value
      .map((cell) => (typeof cell === "string" ? quoteText(cell) : cell === null ? "" : JSON.stringify(cell)))
      .join(glue);
  };
  switch (name) {
    case "base64":
      return Buffer.from(text).toString("base64");
    case "base64d":
      return Buffer.from(text, "base64").toString();
    case "json":
      return JSON.stringify(value);
    case "csv":
      return row((cell) => `"${cell.replaceAll('"', '""')}"`, ",");
    case "tsv":
      return row((cell) => cell.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n"), "\t");
    case "uri":
      return encodeURIComponent(text).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      );
    case "sh":
      return (Array.isArray(value) ? value : [value])
        .map((cell) => (typeof cell === "string" ? `'${cell.replaceAll("'", `'\\''`)}'` : JSON.stringify(cell)))
        .join(" ");
    case "html":
      return text
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll("'", "&#39;")
        .replaceAll('"', "&quot;");
    default:
      return text;
  }
}

const listOf = (value: Json, what: string): Json[] => {
  if (!Array.isArray(value))
    throw new JqError(`${typeOf(value)} (${shown(value)}) cannot be ${what}, as it is not an array`);
  return value;
};

const textOf = (value: Json, what: string): string => {
  if (typeof value !== "string") throw new JqError(`${typeOf(value)} (${shown(value)}) ${what}`);
  return value;
};

function* call(name: string, args: readonly Filter[], input: Json, scope: Scope): Generator<Json> {
  const [arg, second] = args;
  const value = (filter: Filter | undefined): Json => (filter ? (first(filter, input, scope) ?? null) : null);
  const keyed = (list: Json[]): { item: Json; key: Json }[] =>
    list
      .map((item) => ({ item, key: arg ? [...evaluate(arg, item, scope)] : item }))
      .sort((a, b) => compare(a.key, b.key));
  switch (`${name}/${args.length}`) {
    case "empty/0":
      return;
    case "not/0":
      yield !isTrue(input);
      return;
    case "length/0":
      yield input === null
        ? 0
        : typeof input === "string"
          ? [...input].length
          : typeof input === "number"
            ? Math.abs(input)
            : Array.isArray(input)
              ? input.length
              : isObject(input)
                ? Object.keys(input).length
                : (() => {
                    throw new JqError(`boolean (${shown(input)}) has no length`);
                  })();
      return;
    case "keys/0":
    case "keys_unsorted/0": {
      if (!Array.isArray(input) && !isObject(input))
        throw new JqError(`${typeOf(input)} (${shown(input)}) has no keys`);
      const keys = keysOf(input);
      yield name === "keys" ? keys.sort((a, b) => compare(a, b)) : keys;
      return;
    }
    case "values/0":
      if (input !== null) yield input;
      return;
    case "select/1":
      for (const test of arg ? evaluate(arg, input, scope) : []) if (isTrue(test)) yield input;
      return;
    case "map/1": {
      const results: Json[] = [];
      for (const item of Array.isArray(input)
        ? input
        : isObject(input)
          ? Object.values(input)
          : listOf(input, "iterated over"))
        results.push(...(arg ? evaluate(arg, item, scope) : []));
      yield results;
      return;
    }
    case "map_values/1": {
      if (Array.isArray(input))
        yield input.flatMap((item) => (arg ? [first(arg, item, scope)].filter((one) => one !== undefined) : []));
      else if (isObject(input))
        yield Object.fromEntries(
          Object.entries(input).flatMap(([key, item]) => {
            const result = arg && first(arg, item, scope);
            return result === undefined ? [] : [[key, result]];
          }),
        );
      return;
    }
    case "has/1": {
      const key = value(arg);
      yield Array.isArray(input)
        ? typeof key === "number" && key >= 0 && key < input.length
        : isObject(input) && typeof key === "string" && Object.hasOwn(input, key);
      return;
    }
    case "contains/1":
      yield contains(input, value(arg));
      return;
    case "inside/1":
      yield contains(value(arg), input);
      return;
    case "type/0":
      yield typeOf(input);
      return;
    case "add/0":
      yield (Array.isArray(input) ? input : isObject(input) ? Object.values(input) : []).reduce<Json>(
        (sum, item) => combine("+", sum, item),
        null,
      );
      return;
    case "any/0":
    case "all/0":
      yield name === "any" ? listOf(input, "iterated over").some(isTrue) : listOf(input, "iterated over").every(isTrue);
      return;
    case "any/1":
    case "all/1": {
      const tests = listOf(input, "iterated over").map((item) => isTrue((arg && first(arg, item, scope)) ?? null));
      yield name === "any" ? tests.some(Boolean) : tests.every(Boolean);
      return;
    }
    case "sort/0":
    case "sort_by/1":
      yield keyed(listOf(input, "sorted")).map(({ item }) => item);
      return;
    case "group_by/1": {
      const groups: { key: Json; items: Json[] }[] = [];
      for (const { item, key } of keyed(listOf(input, "grouped"))) {
        const last = groups.at(-1);
        if (last && compare(last.key, key) === 0) last.items.push(item);
        else groups.push({ key, items: [item] });
      }
      yield groups.map(({ items }) => items);
      return;
    }
    case "unique/0":
    case "unique_by/1":
      yield keyed(listOf(input, "sorted"))
        .filter(({ key }, index, list) => index === 0 || compare(key, list[index - 1]?.key ?? null) !== 0)
        .map(({ item }) => item);
      return;
    case "min/0":
    case "min_by/1":
      yield keyed(listOf(input, "compared"))[0]?.item ?? null;
      return;
    case "max/0":
    case "max_by/1":
      yield keyed(listOf(input, "compared")).at(-1)?.item ?? null;
      return;
    case "reverse/0":
      yield typeof input === "string"
        ? [...input].reverse().join("")
        : input === null
          ? []
          : [...listOf(input, "reversed")].reverse();
      return;
    case "first/0":
      yield member(input, 0);
      return;
    case "last/0":
      yield member(input, -1);
      return;
    case "first/1": {
      const result = arg && first(arg, input, scope);
      if (result !== undefined) yield result;
      return;
    }
    case "limit/2": {
      let left = Number(value(arg));
      if (left <= 0) return;
      for (const item of second ? evaluate(second, input, scope) : []) {
        yield item;
        left -= 1;
        if (left <= 0) return;
      }
      return;
    }
    case "range/1":
    case "range/2": {
      const [from, to] = args.length === 1 ? [0, Number(value(arg))] : [Number(value(arg)), Number(value(second))];
      for (let at = from; at < to; at += 1) yield at;
      return;
    }
    case "to_entries/0":
      yield isObject(input) ? Object.entries(input).map(([key, item]) => ({ key, value: item })) : [];
      return;
    case "from_entries/0":
      yield fromEntries(listOf(input, "iterated over"));
      return;
    case "with_entries/1": {
      const entries = isObject(input) ? Object.entries(input).map(([key, item]): Json => ({ key, value: item })) : [];
      yield fromEntries(entries.flatMap((entry) => (arg ? [...evaluate(arg, entry, scope)] : [])));
      return;
    }
    case "tostring/0":
      yield typeof input === "string" ? input : JSON.stringify(input);
      return;
    case "tonumber/0": {
      const number =
        typeof input === "number"
          ? input
          : typeof input === "string" && input.trim() !== ""
            ? Number(input)
            : Number.NaN;
      if (Number.isNaN(number))
        throw new JqError(
          typeof input === "string"
            ? `Cannot parse '${input}' as JSON`
            : `${typeOf(input)} (${shown(input)}) cannot be parsed as a number`,
        );
      yield number;
      return;
    }
    case "tojson/0":
      yield JSON.stringify(input);
      return;
    case "fromjson/0":
      yield parseText(textOf(input, "only strings can be parsed"));
      return;
    case "ascii_downcase/0":
      yield textOf(input, "explode input must be a string").toLowerCase();
      return;
    case "ascii_upcase/0":
      yield textOf(input, "explode input must be a string").toUpperCase();
      return;
    case "startswith/1":
    case "endswith/1": {
      const [text, part] = [input, value(arg)];
      if (typeof text !== "string" || typeof part !== "string") throw new JqError(`${name}() requires string inputs`);
      yield name === "startswith" ? text.startsWith(part) : text.endsWith(part);
      return;
    }
    case "ltrimstr/1":
    case "rtrimstr/1": {
      const part = value(arg);
      if (typeof input !== "string" || typeof part !== "string") yield input;
      else if (name === "ltrimstr") yield input.startsWith(part) ? input.slice(part.length) : input;
      else yield part !== "" && input.endsWith(part) ? input.slice(0, -part.length) : input;
      return;
    }
    case "split/1":
      yield textOf(input, "split input and separator must be strings").split(
        textOf(value(arg), "split input and separator must be strings"),
      );
      return;
    case "join/1":
      yield listOf(input, "joined")
        .map((item) => (item === null ? "" : typeof item === "string" ? item : JSON.stringify(item)))
        .join(textOf(value(arg), "cannot join"));
      return;
    case "test/1":
    case "test/2":
      yield new RegExp(
        textOf(value(arg), "cannot be matched, as it is not a string"),
        `${
          typeof value(second) === "string"
            ? String(value(second))
                .replace(/[^imsx]/g, "")
                .replace("x", "")
            : ""
        }u`,
      ).test(textOf(input, "cannot be matched, as it is not a string"));
      return;
    case "sub/2":
    case "gsub/2":
      yield textOf(input, "cannot be matched, as it is not a string").replace(
        new RegExp(String(value(arg)), name === "gsub" ? "gu" : "u"),
        () => String(value(second)),
      );
      return;
    case "capture/1": {
      const match = new RegExp(String(value(arg)), "u").exec(textOf(input, "cannot be matched, as it is not a string"));
      if (match) yield Object.fromEntries(Object.entries(match.groups ?? {}).map(([key, text]) => [key, text ?? null]));
      return;
    }
    case "floor/0":
    case "ceil/0":
    case "round/0":
    case "sqrt/0":
    case "fabs/0": {
      if (typeof input !== "number") throw new JqError(`${typeOf(input)} (${shown(input)}) number required`);
      const functions: Record<string, (value: number) => number> = {
        floor: Math.floor,
        ceil: Math.ceil,
        round: Math.round,
        sqrt: Math.sqrt,
        fabs: Math.abs,
      };
      yield functions[name]?.(input) ?? input;
      return;
    }
    case "flatten/0":
    case "flatten/1":
      yield flatten(listOf(input, "flattened"), args.length === 0 ? Number.POSITIVE_INFINITY : Number(value(arg)));
      return;
    case "index/1":
    case "indices/1": {
      const part = value(arg);
      const found =
        typeof input === "string" && typeof part === "string"
          ? [...input.matchAll(new RegExp(part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "g"))].map(
              (match) => match.index,
            )
          : Array.isArray(input)
            ? input.flatMap((item, index) => (compare(item, part) === 0 ? [index] : []))
            : [];
      yield name === "index" ? (found[0] ?? null) : found;
      return;
    }
    case "del/1": {
      const found = arg ? [...paths(arg, input, [], scope)] : [];
      yield found
        .sort((a, b) => -compare(a, b))
        .reduce<Json>((result, path) => setPath(result, path, undefined), input);
      return;
    }
    case "paths/0":
      for (const path of paths({ kind: "recurse" }, input, [], scope)) if (path.length > 0) yield path;
      return;
    case "path/1":
      for (const path of arg ? paths(arg, input, [], scope) : []) yield path;
      return;
    case "getpath/1":
      yield getPath(
        input,
        listOf(value(arg), "used as a path").filter((key) => typeof key === "string" || typeof key === "number"),
      );
      return;
    case "env/0":
      yield { ...scope.env };
      return;
    case "recurse/0":
      yield* descend(input);
      return;
    case "error/0":
      throw new JqError(input);
    case "error/1":
      throw new JqError(value(arg));
    default:
      throw new JqError(`${name}/${args.length} is not defined`);
  }
}

function contains(a: Json, b: Json): boolean {
  if (typeof a === "string" && typeof b === "string") return a.includes(b);
  if (Array.isArray(a) && Array.isArray(b))
    return b.every((wanted) => a.some((item) => typeOf(item) === typeOf(wanted) && contains(item, wanted)));
  if (isObject(a) && isObject(b))
    return Object.entries(b).every(([key, wanted]) => Object.hasOwn(a, key) && contains(a[key] ?? null, wanted));
  return compare(a, b) === 0;
}

const fromEntries = (entries: readonly Json[]): Json =>
  Object.fromEntries(
    entries.filter(isObject).map((entry) => {
      const key = entry["key"] ?? entry["k"] ?? entry["name"] ?? entry["Name"] ?? null;
      return [
        typeof key === "string" ? key : JSON.stringify(key),
        entry["value"] ?? entry["v"] ?? entry["Value"] ?? null,
      ];
    }),
  );

const flatten = (list: readonly Json[], depth: number): Json[] =>
  list.flatMap((item) => (Array.isArray(item) && depth > 0 ? flatten(item, depth - 1) : [item]));

function parseText(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw new JqError(`${text} (while parsing '${text}')`);
  }
}

/** The results of a filter, one by one. Throws JqError. */
export const runJq = (
  filter: Filter,
  input: Json,
  variables: ReadonlyMap<string, Json>,
  env: Readonly<Record<string, string>>,
): Generator<Json> => evaluate(filter, input, { variables, env });
