import type { Probe } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import type { Multipass } from "./client/index.ts";
import { labErrorOf } from "./failures.ts";

/** Asks whether Multipass can be used: the program, its version, its service and whether that knows us. */
export async function probeMultipass(client: Multipass): Promise<Probe> {
  try {
    const { client: program, daemon = program } = await client.version();
    const { snapshots } = await client.features();
    // A service that refuses us keeps even its version to itself: why, only a question tells.
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
