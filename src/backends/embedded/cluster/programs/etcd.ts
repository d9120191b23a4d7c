import { encode } from "../../machine/io.ts";
import type { Process, Program } from "../../machine/process.ts";
import { NetworkError, type HttpResponse } from "../../network/network.ts";
import { EtcdData, etcdSocket } from "../store/etcd.ts";
import { aborted, parseFlags } from "./flags.ts";

const json = (process: Process, level: string, message: string, more: Record<string, unknown> = {}): string =>
  `${JSON.stringify({ level, ts: new Date(process.machine.environment.clock.now()).toISOString(), msg: message, ...more })}\n`;

const portOf = (url: string): number => Number(/:(\d+)\/?$/.exec(url)?.[1] ?? Number.NaN);

/** etcd: owns the cluster's data in the files below `--data-dir`. */
export const etcd: Program = async (process) => {
  const { machine } = process;
  const { environment } = machine;
  const flags = parseFlags(process.argv.slice(1));
  if (flags.has("version")) {
    await process.out(`etcd Version: ${process.executable.version.replace(/^v/, "")}\n`);
    return 0;
  }
  const directory = process.resolve(flags.get("data-dir") ?? "default.etcd");
  for (const flag of ["cert-file", "key-file", "trusted-ca-file"]) {
    const path = flags.get(flag);
    if (path !== undefined && !process.files.exists(path)) {
      await process.err(
        json(process, "fatal", "failed to start etcd", { error: `open ${path}: no such file or directory` }),
      );
      return 1;
    }
  }
  let data: EtcdData;
  try {
    data = new EtcdData(process.files, directory, environment.clock);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    await process.err(
      json(process, "fatal", "failed to open database", {
        path: `${directory}/member/snap/db`,
        error: "invalid database",
      }),
    );
    return 1;
  }
  const urls = (flags.get("listen-client-urls") ?? "http://localhost:2379").split(",");
  const metrics = (flags.get("listen-metrics-urls") ?? "").split(",").filter((url) => url !== "");
  const ports = new Set([...urls, ...metrics, flags.get("listen-peer-urls") ?? "http://localhost:2380"].map(portOf));
  const close: (() => void)[] = [];
  try {
    for (const port of ports)
      if (port > 0)
        close.push(environment.network.listen(process.place, port, { process: "etcd", pid: process.pid, handle }));
  } catch (error) {
    for (const stop of close) stop();
    if (!(error instanceof NetworkError)) throw error;
    await process.err(
      json(process, "fatal", "discovery failed", {
        error: `listen tcp 127.0.0.1:${error.port}: bind: address already in use`,
      }),
    );
    return 1;
  }
  close.push(machine.sockets.provide(etcdSocket, data));
  const unregister = environment.beforePersist?.(() => data.save());
  if (unregister) close.push(unregister);
  await process.err(json(process, "info", "serving client traffic securely", { address: urls[0] }));
  process.notifyReady();
  await aborted(process.signal);
  for (const stop of close) stop();
  data.store.close();
  data.save();
  return 0;
};

// Simplified: only the metrics port's answers to probes; clients find the data through the machine's socket.
function handle({ target }: { target: string }): Promise<HttpResponse> {
  const [path] = target.split("?");
  const probed = path === "/livez" || path === "/readyz";
  const text = path === "/health" ? '{"health":"true","reason":""}' : probed ? "ok\n" : "404 page not found\n";
  const type = path === "/health" ? "application/json" : "text/plain; charset=utf-8";
  const status = path === "/health" || probed ? 200 : 404;
  return Promise.resolve({ status, headers: { "content-type": type }, body: encode(text) });
}
