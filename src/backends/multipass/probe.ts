import type { Probe } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { type Multipass, MultipassError } from "./client/index.ts";
import { labErrorOf } from "./failures.ts";

/** Asks whether Multipass can be used: the program, its version, its service and whether that knows us. */
export async function probeMultipass(client: Multipass): Promise<Probe> {
  try {
    const { client: program, daemon } = await client.version();
    const { snapshots } = await client.features();
    if (!daemon) throw new MultipassError("daemon-unreachable", "its service does not answer", { command: "version" });
    // The version is told to anyone; only a question that is answered shows that we may ask.
    await client.list({ addresses: false });
    const abilities = snapshots ? "" : ", without snapshots";
    return {
      usable: true,
      detail: `Multipass ${daemon.text}${program.text === daemon.text ? "" : ` (client ${program.text})`}${abilities}`,
    };
  } catch (error) {
    const known = labErrorOf(error, "multipass");
    if (!(known instanceof LabError)) throw known;
    return {
      usable: false,
      detail: known.message,
      remedy: known.remedy,
      needsOther: known.exitCode === exitCodes.environmentNeedsOther,
    };
  }
}
