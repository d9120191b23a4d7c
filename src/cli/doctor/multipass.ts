import type { MachineRole } from "../../domain/backend.ts";
import { matchFailures } from "../../failures/catalogue.ts";
import type { Texts } from "../../texts/en.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { Answer, Host } from "./host.ts";

type Words = Texts["doctor"];

/** What the other findings need to know of Multipass. */
export interface MultipassSeen {
  findings: Finding[];
  installed: boolean;
  /** Of the service, else of the client. */
  version: readonly [number, number, number] | undefined;
  driver: string | undefined;
  confined: boolean;
  /** Machines of the lab that there are. */
  machines: MachineRole[];
}

const backends = ["multipass"] as const;

export const allRoles: readonly MachineRole[] = ["master", "worker1", "worker2"];

/** Milliseconds: the service may be waking up. */
const patienceMs = 8000;

/** Is Multipass there, which one, does its service answer, and does it know us? */
export async function lookAtMultipass(host: Host, texts: Texts): Promise<MultipassSeen> {
  const words = texts.doctor;
  const program = host.env["WASM_K8S_LAB_MULTIPASS"] ?? "multipass";
  const answer = await host.run(program, ["version", "--format", "json"], patienceMs);
  const confined = host.platform === "linux" && host.exists("/snap/multipass");
  const seen: MultipassSeen = {
    findings: [],
    installed: !answer.missing,
    version: undefined,
    driver: undefined,
    confined,
    machines: [],
  };
  if (answer.missing) {
    seen.findings.push(found("fail", "multipass-program", words.noMultipass(host.platform), { backends }));
    return seen;
  }
  const { client, daemon } = versionsIn(answer.stdout);
  const text = daemon ?? client;
  if (text === undefined) {
    seen.findings.push(failed("multipass-program", answer, texts));
    return seen;
  }
  const [major = 0, minor = 0, patch = 0] = text.split(/[^\d]/).map(Number);
  seen.version = [major, minor, patch];
  seen.findings.push(versionFinding(text, major, minor, words));
  const [list, driver] = await Promise.all([
    // Asks no machine anything, so that a sick one does not hold the answer back.
    host.run(program, ["list", "--format", "json", "--no-ipv4"], patienceMs),
    host.run(program, ["get", "local.driver"], patienceMs),
  ]);
  if (list.exitCode !== 0) {
    // A service that refuses this user keeps its version to itself, too: only the answer tells which it is.
    const silent = !list.late && matchFailures(list.stderr)[0]?.id === "multipass-unreachable";
    seen.findings.push(
      silent
        ? found("fail", "multipass-service", words.noService(host.platform), { backends })
        : failed("multipass-service", list, texts),
    );
    return seen;
  }
  const machines = machinesIn(list.stdout);
  seen.machines = machines.flatMap(({ role, state }) => (state === "Deleted" ? [] : [role]));
  seen.findings.push(ok("multipass-service", words.serviceAnswers, { backends }));
  if (driver.exitCode === 0) {
    seen.driver = driver.stdout.trim();
    seen.findings.push(driverFinding(seen.driver, words));
  }
  for (const { name, state } of machines) {
    const about = { backends };
    if (state === "Unknown") seen.findings.push(found("warn", "multipass-machine", words.lostMachine(name), about));
    if (state === "Deleted") seen.findings.push(found("warn", "multipass-machine", words.deletedMachine(name), about));
  }
  return seen;
}

interface ListedMachine {
  role: MachineRole;
  name: string;
  state: string;
}

/** Machines of the lab in the answer of `list`; none where it cannot be read. */
function machinesIn(list: string): ListedMachine[] {
  return entriesIn(list).flatMap((entry) => {
    const name = textOf(entry, "name");
    const named = /^wasm-k8s-lab-[0-9a-f]{4}-(\w+)$/.exec(name)?.[1];
    const role = allRoles.find((each) => each === named);
    return role === undefined ? [] : [{ role, name, state: textOf(entry, "state") }];
  });
}

function entriesIn(list: string): unknown[] {
  try {
    const document: unknown = JSON.parse(list);
    const entries: unknown = typeof document === "object" && document ? Reflect.get(document, "list") : undefined;
    return Array.isArray(entries) ? entries : [];
  } catch {
    return [];
  }
}

function textOf(entry: unknown, field: string): string {
  const value: unknown = typeof entry === "object" && entry ? Reflect.get(entry, field) : undefined;
  return typeof value === "string" ? value : "";
}

function versionsIn(json: string): { client: string | undefined; daemon: string | undefined } {
  const versionOf = (name: string): string | undefined => new RegExp(`"${name}": *"(\\d[^"]*)"`).exec(json)?.[1];
  return { client: versionOf("multipass"), daemon: versionOf("multipassd") };
}

function versionFinding(text: string, major: number, minor: number, words: Words): Finding {
  if (major < 1 || (major === 1 && minor < 13))
    return found("fail", "multipass-program", words.oldMultipass(text), { backends });
  if (major > 1 || minor > 17) return found("warn", "multipass-program", words.newMultipass(text), { backends });
  return ok("multipass-program", words.version(text), { backends });
}

function driverFinding(driver: string, words: Words): Finding {
  return driver === "lxd" || driver === "libvirt"
    ? found("warn", "multipass-driver", words.oldDriver(driver), { backends })
    : ok("multipass-driver", driver, { backends });
}

/** What others have made of such an answer, else its own words. */
function failed(id: string, { stdout, stderr, late }: Answer, texts: Texts): Finding {
  if (late) return found("fail", id, texts.doctor.multipassLate, { backends });
  const said = stderr.trim() || stdout.trim();
  const [known] = matchFailures(said);
  if (!known) return found("fail", id, texts.doctor.multipassSays(said.split("\n")[0] ?? ""), { backends });
  const { language } = texts;
  return found("fail", id, [known.meaning[language], known.remedy[language]], {
    backends,
    needsOther: known.id === "multipass-access-denied",
  });
}
