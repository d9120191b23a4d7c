import { outputPrefix } from "../client/discovery.ts";
import { CommandError } from "../client/errors.ts";
import { objectsAt, textAt, type Json } from "../client/json.ts";
import { jsonPathValues, printed } from "../go/jsonpath.ts";
import { objectName } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import type { Command, Session } from "./session.ts";
import { follow, TimedOut } from "./waiting.ts";

export const waitCommand: Command = {
  summary: "Experimental: Wait for a specific condition on one or many resources",
  usage:
    "kubectl wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  group: "Advanced Commands",
  flags: {
    ...selectionFlags,
    for: { kind: "string" },
    timeout: { kind: "duration" },
    output: { kind: "string", short: "o" },
    local: { kind: "bool" },
  },
  run: wait,
};

type Condition = (object: Json | undefined) => boolean;

function conditionOf(text: string): { met: Condition; gone: boolean } {
  if (text.toLowerCase() === "delete") return { met: (object) => object === undefined, gone: true };
  const condition = /^condition=([^=]+)(?:=(.+))?$/.exec(text);
  if (condition) {
    const [, type = "", value = "true"] = condition;
    return {
      gone: false,
      met: (object) =>
        objectsAt(object, "status", "conditions").some(
          (item) =>
            textAt(item, "type").toLowerCase() === type.toLowerCase() &&
            textAt(item, "status").toLowerCase() === value.toLowerCase(),
        ),
    };
  }
  const path = /^jsonpath=(\{.*?\}|[^=]+)(?:=(.*))?$/s.exec(text.replaceAll(/['"]/g, ""));
  if (path) {
    const [, expression = "", value] = path;
    return {
      gone: false,
      met: (object) => {
        const found = object === undefined ? [] : jsonPathValues(expression, object);
        return value === undefined ? found.length > 0 : found.some((item) => printed(item) === value);
      },
    };
  }
  throw new CommandError(`error: unrecognized condition: ${JSON.stringify(text)}`);
}

async function wait(session: Session): Promise<number> {
  const text = session.flags.text("for") ?? "";
  const { met, gone } = conditionOf(text);
  const timeout = session.flags.duration("timeout") ?? 30_000;
  let entries;
  try {
    entries = await selectedObjects(session, session.flags.words);
  } catch (error) {
    // What does not exist any more is what `--for=delete` waits for.
    if (gone && error instanceof Error && error.message.endsWith("not found")) return 0;
    throw error;
  }
  if (entries.length === 0) {
    if (gone) return 0;
    throw new CommandError("error: no matching resources found");
  }
  for (const entry of entries) {
    const name = objectName(entry.object);
    const uid = textAt(entry.object, "metadata", "uid");
    try {
      await follow(
        session,
        entry.resource,
        entry.namespace,
        name,
        async (object) => met(gone && object && textAt(object, "metadata", "uid") !== uid ? undefined : object),
        timeout,
      );
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      throw new CommandError(`error: timed out waiting for the condition on ${entry.resource.plural}/${name}`);
    }
    await session.out(`${outputPrefix(entry.resource)}/${name} condition met\n`);
  }
  return 0;
}
