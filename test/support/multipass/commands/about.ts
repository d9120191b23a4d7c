import { setTimeout as sleep } from "node:timers/promises";
import { type Call, exits } from "../call.ts";
import { daemonRefusal } from "../daemon-condition.ts";
import { json, table } from "../format.ts";
import { images } from "../images.ts";
import { makeSpinner } from "../spinner.ts";
import { timeoutOf } from "../timeout.ts";

const sorted = ({ settings }: Call): boolean => !settings.atLeast("1.17");

/** `multipass version` succeeds without a daemon. */
export function version(call: Call): number {
  const { settings } = call;
  const daemon = daemonRefusal(call) === undefined;
  const versions = { multipass: settings.version, ...(daemon ? { multipassd: settings.version } : {}) };
  if (call.value("format") === "json") call.out(json(versions, sorted(call)));
  else call.out(table([12], Object.entries(versions)));
  return exits.ok;
}

/** `multipass find` */
export function find(call: Call): number {
  const { settings } = call;
  const wanted = call.positionals[0];
  const shown = images.filter(
    ({ supported, aliases }) =>
      (supported || call.has("show-unsupported")) && (wanted === undefined || aliases.includes(wanted)),
  );
  const hidden = settings.atLeast("1.17") ? ["default"] : ["default", "ubuntu"];
  const rows = shown.map(({ aliases, release, version }) => {
    const [key = "", ...others] = aliases.filter((alias) => !hidden.includes(alias));
    return { key, aliases: others, os: "Ubuntu", release, remote: "", version };
  });
  if (call.value("format") === "json") {
    const blueprints = settings.atLeast("1.17")
      ? {}
      : settings.atLeast("1.16")
        ? { "blueprints (deprecated)": {} }
        : settings.atLeast("1.12")
          ? { blueprints: {} }
          : {};
    const listed = Object.fromEntries(rows.map(({ key, ...image }) => [key, image]));
    call.out(json({ errors: [], ...blueprints, images: listed }, sorted(call)));
    return exits.ok;
  }
  const cells = rows.map(({ key, aliases, version, os, release }) => [
    key,
    aliases.join(","),
    version,
    `${os} ${release}`,
  ]);
  call.out(table([28, 18, 17], [["Image", "Aliases", "Version", "Description"], ...cells]));
  return exits.ok;
}

/** `multipass networks` */
export function networks(call: Call): number {
  const list = [{ name: "eth0", type: "ethernet", description: "Ethernet device" }];
  if (call.value("format") === "json") call.out(json({ list }, sorted(call)));
  else call.out(table([6, 10], [["Name", "Type", "Description"], ...list.map((network) => Object.values(network))]));
  return exits.ok;
}

/** `multipass aliases` */
export function aliases(call: Call): number {
  if (call.value("format") !== "json") call.out("No aliases defined.\n");
  else call.out(json({ "active-context": "default", contexts: { default: {} } }, sorted(call)));
  return exits.ok;
}

/** `multipass zones` */
export function zones(call: Call): number {
  const all = Object.fromEntries(
    [1, 2, 3].map((number) => [`zone${number}`, { available: true, subnet: `10.97.${number}.0/24` }]),
  );
  if (call.value("format") === "json") call.out(json(all, false));
  else call.out(table([10], [["Name", "State"], ...Object.keys(all).map((name) => [name, "Available"])]));
  return exits.ok;
}

/** `multipass wait-ready` asks until the daemon answers. */
export async function waitReady(call: Call): Promise<number> {
  const seconds = timeoutOf(call);
  if (seconds === false) return exits.wrongUse;
  const spinner = makeSpinner((text) => call.out(text));
  spinner.say("Waiting for the Multipass daemon to be ready");
  for (let waited = 0; daemonRefusal(call) !== undefined; waited += 500) {
    if (seconds !== undefined && waited >= seconds * 1000) {
      spinner.stop();
      call.err("Timed out waiting for the Multipass daemon to be ready.\n");
      return exits.timedOut;
    }
    await sleep(call.settings.scaled(500));
  }
  spinner.stop();
  return exits.ok;
}
