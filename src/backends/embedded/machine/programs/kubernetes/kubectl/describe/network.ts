import { listAt, mapAt, numberAt, objectAt, objectsAt, textAt, type Json } from "../../client/json.ts";
import { mapText, orNone, writeEvents, writeMetadata, type DescriptionWriter } from "./writer.ts";

export function describeService(
  writer: DescriptionWriter,
  service: Json,
  endpoints: Json | undefined,
  slices: readonly Json[],
  events: Json[],
): void {
  const spec = objectAt(service, "spec");
  writeMetadata(writer, service);
  writer.line(0, `Selector:\t${mapText(mapAt(spec, "selector"))}`);
  writer.line(0, `Type:\t${textAt(spec, "type")}`);
  if (textAt(spec, "ipFamilyPolicy") !== "") writer.line(0, `IP Family Policy:\t${textAt(spec, "ipFamilyPolicy")}`);
  const families = listAt(spec, "ipFamilies").map(String);
  writer.line(0, `IP Families:\t${orNone(families.join(","))}`);
  writer.line(0, `IP:\t${textAt(spec, "clusterIP")}`);
  const addresses = listAt(spec, "clusterIPs").map(String);
  writer.line(0, `IPs:\t${orNone(addresses.join(","))}`);
  const external = listAt(spec, "externalIPs").map(String);
  if (external.length > 0) writer.line(0, `External IPs:\t${external.join(",")}`);
  if (textAt(spec, "externalName") !== "") writer.line(0, `External Name:\t${textAt(spec, "externalName")}`);
  for (const port of objectsAt(spec, "ports")) {
    const name = textAt(port, "name") || "<unset>";
    const protocol = textAt(port, "protocol");
    writer.line(0, `Port:\t${name}\t${textAt(port, "port")}/${protocol}`);
    writer.line(0, `TargetPort:\t${textAt(port, "targetPort")}/${protocol}`);
    if (textAt(port, "nodePort") !== "") writer.line(0, `NodePort:\t${name}\t${textAt(port, "nodePort")}/${protocol}`);
    const found =
      writer.minor >= 31 ? fromSlices(slices, textAt(port, "name")) : fromEndpoints(endpoints, textAt(port, "name"));
    const shown = `${found.slice(0, 3).join(",")}${found.length > 3 ? ` + ${found.length - 3} more...` : ""}`;
    writer.line(0, `Endpoints:\t${writer.minor >= 31 ? shown : orNone(shown)}`);
  }
  writer.line(0, `Session Affinity:\t${textAt(spec, "sessionAffinity")}`);
  if (textAt(spec, "externalTrafficPolicy") !== "")
    writer.line(0, `External Traffic Policy:\t${textAt(spec, "externalTrafficPolicy")}`);
  if (writer.minor >= 31 && textAt(spec, "internalTrafficPolicy") !== "") {
    writer.line(0, `Internal Traffic Policy:\t${textAt(spec, "internalTrafficPolicy")}`);
  }
  writeEvents(writer, events);
}

function fromEndpoints(endpoints: Json | undefined, name: string): string[] {
  return objectsAt(endpoints, "subsets").flatMap((subset) => {
    const ports = objectsAt(subset, "ports").filter((port) => textAt(port, "name") === name);
    return ports.flatMap((port) =>
      objectsAt(subset, "addresses").map((address) => `${textAt(address, "ip")}:${textAt(port, "port")}`),
    );
  });
}

function fromSlices(slices: readonly Json[], name: string): string[] {
  return slices.flatMap((slice) => {
    const ports = objectsAt(slice, "ports").filter((port) => textAt(port, "name") === name);
    return ports.flatMap((port) =>
      objectsAt(slice, "endpoints")
        .filter((endpoint) => objectAt(endpoint, "conditions")["ready"] !== false)
        .flatMap((endpoint) =>
          listAt(endpoint, "addresses").map((address) => `${String(address)}:${textAt(port, "port")}`),
        ),
    );
  });
}

export function describeEndpoints(writer: DescriptionWriter, endpoints: Json, events: Json[]): void {
  writeMetadata(writer, endpoints);
  const subsets = objectsAt(endpoints, "subsets");
  writer.line(0, "Subsets:");
  subsets.forEach((subset, i) => {
    const addresses = (field: string): string =>
      orNone(
        objectsAt(subset, field)
          .map((address) => textAt(address, "ip"))
          .join(","),
      );
    writer.line(1, `Addresses:\t${addresses("addresses")}`);
    writer.line(1, `NotReadyAddresses:\t${addresses("notReadyAddresses")}`);
    const ports = objectsAt(subset, "ports");
    if (ports.length > 0) {
      writer.line(1, "Ports:");
      writePortTable(writer, 2, ports);
    }
    if (i < subsets.length) writer.raw("\n");
  });
  writeEvents(writer, events);
}

function writePortTable(writer: DescriptionWriter, level: number, ports: readonly Json[]): void {
  writer.line(level, "Name\tPort\tProtocol");
  writer.line(level, "----\t----\t--------");
  for (const port of ports) {
    writer.line(
      level,
      `${textAt(port, "name") || "<unset>"}\t${numberAt(port, "port") ?? "<unset>"}\t${textAt(port, "protocol")}`,
    );
  }
}

export function describeEndpointSlice(writer: DescriptionWriter, slice: Json, events: Json[]): void {
  writeMetadata(writer, slice);
  writer.line(0, `AddressType:\t${textAt(slice, "addressType")}`);
  const ports = objectsAt(slice, "ports");
  if (ports.length === 0) writer.line(0, "Ports: <unset>");
  else {
    writer.line(0, "Ports:");
    writePortTable(writer, 1, ports);
  }
  const endpoints = objectsAt(slice, "endpoints");
  writer.line(0, endpoints.length === 0 ? "Endpoints: <none>" : "Endpoints:");
  for (const endpoint of endpoints) {
    writer.line(1, `- Addresses:\t${listAt(endpoint, "addresses").map(String).join(", ")}`);
    writer.line(2, "Conditions:");
    writer.line(3, `Ready:\t${textAt(endpoint, "conditions", "ready") || "<unset>"}`);
    writer.line(2, `Hostname:\t${textAt(endpoint, "hostname") || "<unset>"}`);
    const target = objectAt(endpoint, "targetRef");
    if (textAt(target, "name") !== "")
      writer.line(2, `TargetRef:\t${textAt(target, "kind")}/${textAt(target, "name")}`);
    writer.line(2, `NodeName:\t${textAt(endpoint, "nodeName") || "<unset>"}`);
    writer.line(2, `Zone:\t${textAt(endpoint, "zone") || "<unset>"}`);
  }
  writeEvents(writer, events);
}
