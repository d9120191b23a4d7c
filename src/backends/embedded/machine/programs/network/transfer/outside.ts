import type { Process } from "../../../process.ts";

/** Waits as long as a download from outside the lab takes; what is inside is there at once. */
export async function waitForDownload(process: Process, host: string, signal: AbortSignal): Promise<void> {
  const { environment } = process.machine;
  const address = await environment.network.lookup(process.place, host).catch(() => "10.0.0.0");
  if (/^(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(address)) return;
  await environment.pacing.wait("download", signal);
}
