import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "@swc/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { messages } from "../../../src/texts/messages/de.ts";
import { translator } from "../../../src/texts/messages/translate.ts";
import { textsFor } from "../../../src/texts/texts.ts";

const source = join(import.meta.dirname, "../../../src");

/** Errors for authors and developers stay English. */
const englishOnly = new Set([
  "content-invalid",
  "check-kind",
  "check-params",
  "catalog",
  "catalog-invalid",
  "setup-failed",
  "route-unknown",
  "component-unknown",
  "bundle-address",
  "bundle-disk",
  "bundle-interrupted",
  "bundle-invalid",
  "bundle-listen",
  "bundle-other",
  "bundle-release",
  "bundle-server",
]);

interface SwcNode {
  type: string;
  [field: string]: unknown;
}

const isNode = (value: unknown): value is SwcNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

function nodesIn(value: unknown): SwcNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap(nodesIn);
  return isNode(value) ? [value, ...inside] : inside;
}

/** The texts an expression can be, with `{}` for what is filled in; nothing for what only the run can tell. */
function textsOf(node: unknown): string[] {
  if (!isNode(node)) return [];
  if (node.type === "StringLiteral") return [String(node["value"])];
  if (node.type === "ParenthesisExpression") return textsOf(node["expression"]);
  if (node.type === "ConditionalExpression") return [...textsOf(node["consequent"]), ...textsOf(node["alternate"])];
  if (node.type !== "TemplateLiteral" || !Array.isArray(node["quasis"])) return [];
  const parts: unknown[] = node["quasis"];
  return [parts.map((part) => (isNode(part) ? String(part["cooked"]) : "")).join("{}")];
}

const argumentsOf = (call: SwcNode): unknown[] =>
  Array.isArray(call["arguments"])
    ? call["arguments"].map((each: unknown) =>
        typeof each === "object" && each ? Reflect.get(each, "expression") : each,
      )
    : [];

const property = (node: unknown, name: string): unknown =>
  nodesIn(isNode(node) ? node["properties"] : undefined).find(
    (each) => each.type === "KeyValueProperty" && isNode(each["key"]) && each["key"]["value"] === name,
  )?.["value"];

/** Messages, remedies and notices as the source makes them, with `{}` for what is filled in. */
function messagesInSource(): string[] {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  return files.flatMap((name) => {
    const code = readFileSync(join(source, name), "utf8");
    if (!code.includes("LabError(") && !code.includes("notice")) return [];
    const tree = nodesIn(parseSync(code, { syntax: "typescript", tsx: name.endsWith("x") }).body);
    return tree.flatMap((node) => {
      const given = argumentsOf(node);
      const callee = isNode(node["callee"]) ? node["callee"] : undefined;
      if (node.type === "NewExpression" && callee?.["value"] === "LabError") {
        if (textsOf(given[0]).some((code) => englishOnly.has(code))) return [];
        return [...textsOf(given[1]), ...textsOf(property(given[2], "remedy"))];
      }
      if (node.type !== "CallExpression" || !callee) return [];
      const names = nodesIn(callee).map((each) => each["value"]);
      return names.some((each) => each === "notice" || each === "notices") ? textsOf(given[0]) : [];
    });
  });
}

const slots = (text: string): string[] => [...text.matchAll(/\{([a-z]+)\}/g)].map(([, name = ""]) => name);

test("every message, remedy and notice that a learner can meet has its German", () => {
  const known = new Set(Object.keys(messages).map((message) => message.replaceAll(/\{[a-z]+\}/g, "{}")));
  const found = messagesInSource().filter((message) => message.replaceAll("{}", "").trim().length > 1);
  expect(found.length).toBeGreaterThan(30);
  expect(found.filter((message) => !known.has(message))).toEqual([]);
});

test("a translated message fills in what the English one names", () => {
  for (const [message, german] of Object.entries(messages)) {
    expect(slots(message)).toEqual(expect.arrayContaining(slots(german)));
  }
  const { said } = textsFor("de");
  expect(said("worker3: there is no such machine (yet)")).toBe("worker3: Diese Maschine gibt es (noch) nicht");
  expect(said("/a b/c.json: progress could not be saved. Try again in a moment.")).toBe(
    "/a b/c.json: Der Fortschritt konnte nicht gesichert werden. Versuch es gleich noch einmal.",
  );
  expect(textsFor("en").said("interrupted")).toBe("interrupted");
});

test("what no message fits stays as it is", () => {
  const translate = translator({ "{name}: gone": "{name}: weg" });
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(translate(text)).toBe(text.length > 6 && text.endsWith(": gone") ? `${text.slice(0, -6)}: weg` : text);
    }),
  );
});
