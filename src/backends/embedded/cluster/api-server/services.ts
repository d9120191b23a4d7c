import { listAt, numberAt, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import type { ServerContext } from "./context.ts";
import { invalidValue, type Cause } from "./errors.ts";

const toNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");

/** Gives a service its addresses and node ports. The causes say what could not be had. */
export function allocateService(context: ServerContext, service: JsonObject, old: JsonObject | undefined): Cause[] {
  const causes: Cause[] = [];
  const spec = objectAt(service, "spec") ?? {};
  const others = context
    .store()
    .list("services")
    .filter((item) => textAt(item, "metadata", "uid") !== textAt(old, "metadata", "uid") || !old);
  const type = textAt(spec, "type");
  if (type !== "ExternalName") allocateAddress(context, spec, objectAt(old, "spec"), others, causes);
  allocatePorts(context, spec, objectAt(old, "spec"), others, causes);
  return causes;
}

function allocateAddress(
  context: ServerContext,
  spec: JsonObject,
  old: JsonObject | undefined,
  others: readonly JsonObject[],
  causes: Cause[],
): void {
  if (textAt(spec, "clusterIP") === "" && old) spec["clusterIP"] = textAt(old, "clusterIP");
  const taken = new Set(others.map((service) => textAt(service, "spec", "clusterIP")));
  const [base = "", bits = "12"] = context.serviceRange.split("/");
  const first = toNumber(base);
  const size = 2 ** (32 - Number(bits));
  const wanted = textAt(spec, "clusterIP") || String(listAt(spec, "clusterIPs")[0] ?? "");
  if (wanted === "") {
    let address: string;
    do address = toAddress(first + 16 + Math.floor(context.random.next() * (size - 18)));
    while (taken.has(address));
    spec["clusterIP"] = address;
  } else if (wanted !== "None" && wanted !== textAt(old, "clusterIP")) {
    const inside = toNumber(wanted) > first && toNumber(wanted) < first + size - 1;
    const why = inside
      ? "provided IP is already allocated"
      : `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${context.serviceRange}`;
    if (!inside || taken.has(wanted)) {
      causes.push({
        reason: "FieldValueInvalid",
        message: `Invalid value: []string{"${wanted}"}: failed to allocate IP ${wanted}: ${why}`,
        field: "spec.clusterIPs",
      });
    }
    spec["clusterIP"] = wanted;
  }
  spec["clusterIPs"] = [spec["clusterIP"]];
  if (listAt(spec, "ipFamilies").length === 0) spec["ipFamilies"] = ["IPv4"];
  if (textAt(spec, "ipFamilyPolicy") === "") spec["ipFamilyPolicy"] = "SingleStack";
}

function allocatePorts(
  context: ServerContext,
  spec: JsonObject,
  old: JsonObject | undefined,
  others: readonly JsonObject[],
  causes: Cause[],
): void {
  const type = textAt(spec, "type");
  const ports = objectsAt(spec, "ports");
  if (type !== "NodePort" && type !== "LoadBalancer") {
    for (const port of ports) delete port["nodePort"];
    return;
  }
  const taken = new Set<string>();
  const keyOf = (port: JsonObject): string => `${numberAt(port, "nodePort") ?? 0}/${textAt(port, "protocol")}`;
  for (const service of others) for (const port of objectsAt(service, "spec", "ports")) taken.add(keyOf(port));
  const [low, high] = context.nodePorts;
  const before = objectsAt(old, "ports");
  for (const [index, port] of ports.entries()) {
    const own = numberAt(port, "nodePort") ?? 0;
    const field = `spec.ports[${index}].nodePort`;
    if (own === 0) {
      const kept = before.find((item) => item["port"] === port["port"] && item["protocol"] === port["protocol"]);
      port["nodePort"] = numberAt(kept, "nodePort") ?? freePort(context, taken, textAt(port, "protocol"));
    } else if (own < low || own > high) {
      causes.push(
        invalidValue(field, own, `provided port is not in the valid range. The range of valid ports is ${low}-${high}`),
      );
    } else if (taken.has(keyOf(port))) causes.push(invalidValue(field, own, "provided port is already allocated"));
    taken.add(keyOf(port));
  }
}

function freePort(context: ServerContext, taken: ReadonlySet<string>, protocol: string): number {
  const [low, high] = context.nodePorts;
  // Explicit ports are usually chosen from the lower part, so that chance picks from the upper one.
  const start = low + Math.min(86, high - low);
  for (;;) {
    const port = start + Math.floor(context.random.next() * (high - start + 1));
    if (!taken.has(`${port}/${protocol}`)) return port;
  }
}
