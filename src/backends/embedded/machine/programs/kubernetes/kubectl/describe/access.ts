import { isObject, listAt, mapAt, objectAt, objectsAt, textAt, type Json } from "../../client/json.ts";
import { writeAnnotations, writeEvents, writeLabels, type DescriptionWriter } from "./writer.ts";

function writeHead(writer: DescriptionWriter, object: Json): void {
  writer.line(0, `Name:\t${textAt(object, "metadata", "name")}`);
  writeLabels(writer, "Labels", mapAt(object, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(object, "metadata"));
}

interface Access {
  group: string;
  resource: string;
  url: string;
  name: string;
  verbs: string[];
}

/** One line per resource; rules about the same one without names are told together. */
function accessOf(rules: readonly Json[]): Access[] {
  const found: Access[] = [];
  for (const rule of rules) {
    const verbs = listAt(rule, "verbs").map(String);
    const names = listAt(rule, "resourceNames").map(String);
    for (const url of listAt(rule, "nonResourceURLs").map(String)) {
      found.push({ group: "", resource: "", url, name: "", verbs: [...verbs] });
    }
    for (const group of listAt(rule, "apiGroups").map(String)) {
      for (const resource of listAt(rule, "resources").map(String)) {
        if (names.length > 0) {
          for (const name of names) found.push({ group, resource, url: "", name, verbs: [...verbs] });
          continue;
        }
        const known = found.find(
          (other) => other.group === group && other.resource === resource && other.url === "" && other.name === "",
        );
        if (known) known.verbs.push(...verbs.filter((verb) => !known.verbs.includes(verb)));
        else found.push({ group, resource, url: "", name: "", verbs: [...verbs] });
      }
    }
  }
  const key = ({ verbs, group, resource, name, url }: Access): string =>
    [verbs.join(" "), group, resource, name, url].join("\0");
  return found.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** A Role or ClusterRole. */
export function describeRole(writer: DescriptionWriter, object: Json): void {
  writeHead(writer, object);
  writer.line(0, "PolicyRule:");
  writer.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
  writer.line(1, "---------\t-----------------\t--------------\t-----");
  for (const { group, resource, url, name, verbs } of accessOf(objectsAt(object, "rules"))) {
    const what = group === "" ? resource : `${resource}.${group}`;
    writer.line(1, `${what}\t[${url}]\t[${name}]\t[${verbs.join(" ")}]`);
  }
}

/** A RoleBinding or ClusterRoleBinding. */
export function describeRoleBinding(writer: DescriptionWriter, object: Json): void {
  writeHead(writer, object);
  writer.line(0, "Role:");
  writer.line(1, `Kind:\t${textAt(object, "roleRef", "kind")}`);
  writer.line(1, `Name:\t${textAt(object, "roleRef", "name")}`);
  writer.line(0, "Subjects:");
  writer.line(1, "Kind\tName\tNamespace");
  writer.line(1, "----\t----\t---------");
  for (const subject of objectsAt(object, "subjects").filter(isObject)) {
    writer.line(1, `${textAt(subject, "kind")}\t${textAt(subject, "name")}\t${textAt(subject, "namespace")}`);
  }
}

/** A PriorityClass. */
export function describePriorityClass(writer: DescriptionWriter, object: Json, events: Json[]): void {
  writer.line(0, `Name:\t${textAt(object, "metadata", "name")}`);
  writer.line(0, `Value:\t${textAt(object, "value")}`);
  writer.line(0, `GlobalDefault:\t${String(object["globalDefault"] === true)}`);
  writer.line(0, `PreemptionPolicy:\t${textAt(object, "preemptionPolicy") || "PreemptLowerPriority"}`);
  writer.line(0, `Description:\t${textAt(object, "description")}`);
  writeAnnotations(writer, "Annotations", objectAt(object, "metadata"));
  writeEvents(writer, events);
}
