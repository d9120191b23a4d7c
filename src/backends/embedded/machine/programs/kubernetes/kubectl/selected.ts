import { CommandError } from "../client/errors.ts";
import type { FlagSpecs } from "../go/flags.ts";
import { fileFlags, readManifests } from "./manifests.ts";
import { findObjects, selections, type FoundObject } from "./resource-arguments.ts";
import { pathOf } from "../client/discovery.ts";
import { textAt } from "../client/json.ts";
import type { Session } from "./session.ts";

/** Flags of commands that change objects chosen by file, name or label. */
export const selectionFlags: FlagSpecs = {
  ...fileFlags,
  all: { kind: "bool" },
  "all-namespaces": { kind: "bool", short: "A" },
  selector: { kind: "string", short: "l" },
  "field-selector": { kind: "string" },
};

const missingResources =
  "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/** The objects that `words` (or `-f`, `-l`, `--all`) choose. Rejects with what the API says of the first missing one. */
export async function selectedObjects(session: Session, words: readonly string[]): Promise<FoundObject[]> {
  const { flags } = session;
  if (flags.has("filename")) {
    const found: FoundObject[] = [];
    for (const entry of await readManifests(session)) {
      if ("error" in entry) throw entry.error;
      const name = textAt(entry.object, "metadata", "name");
      const object = await session.connection.json("GET", pathOf(entry.resource, entry.namespace, name));
      found.push({ ...entry, object });
    }
    return found;
  }
  if (words.length === 0) throw new CommandError(missingResources);
  const selected = await selections(session, words);
  const several = flags.bool("all") || flags.has("selector") || flags.has("field-selector");
  if (!several && selected.some(({ names }) => names.length === 0)) {
    throw new CommandError("error: resource(s) were provided, but no name was specified");
  }
  return findObjects(session, selected, {
    allNamespaces: flags.bool("all-namespaces"),
    labelSelector: flags.text("selector"),
    fieldSelector: flags.text("field-selector"),
  });
}
