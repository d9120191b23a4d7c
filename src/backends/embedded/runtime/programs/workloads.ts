import { encode } from "../../machine/io.ts";
import type { Program } from "../../machine/process.ts";
import { NetworkError } from "../../network/network.ts";
import type { HttpRequest, HttpResponse } from "../../network/network.ts";
import { untilStopped } from "./logrus.ts";

/** Holds a pod's namespaces. */
export const pause: Program = async (process) => {
  if (process.argv.includes("-v")) {
    await process.out(`pause.c ${process.executable.version}\n`);
    return 0;
  }
  await untilStopped(process.signal);
  return 0;
};

const plain = (status: number, body: string, type = "text/plain"): HttpResponse => ({
  status,
  headers: { "content-type": type },
  body: encode(body),
});

/** The cluster's name server. Simplified: names of the cluster are resolved by the modelled network; this serves its health. */
export const coredns: Program = async (process) => {
  const { network } = process.machine.environment;
  const { version } = process.executable;
  const handle = (request: HttpRequest): Promise<HttpResponse> =>
    Promise.resolve(/^\/(health|ready)/.test(request.target) ? plain(200, "OK") : plain(404, "404 page not found\n"));
  const stops: (() => void)[] = [];
  try {
    for (const port of [53, 8080, 8181, 9153]) {
      stops.push(network.listen(process.place, port, { process: "coredns", pid: process.pid, handle }));
    }
  } catch (error) {
    for (const stop of stops) stop();
    if (!(error instanceof NetworkError)) throw error;
    await process.err(`Listen: listen tcp :${error.port}: bind: address already in use\n`);
    return 1;
  }
  await process.out(
    `.:53\n[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908\nCoreDNS-${version.replace(/^v/, "")}\nlinux/amd64, go1.20, 055b2c3\n`,
  );
  await untilStopped(process.signal);
  for (const stop of stops) stop();
  return 0;
};

/** A web server of the files below /usr/share/nginx/html. Simplified: reads no configuration. */
export const nginx: Program = async (process) => {
  const { clock, network } = process.machine.environment;
  const { version } = process.executable;
  if (process.argv.includes("-v")) {
    await process.err(`nginx version: nginx/${version}\n`);
    return 0;
  }
  const handle = (request: HttpRequest): Promise<HttpResponse> => {
    const path = request.target.replace(/\?.*/, "");
    const file = `/usr/share/nginx/html${path.endsWith("/") ? `${path}index.html` : path}`;
    const isThere = process.files.exists(file) && !process.files.isDirectory(file) && !path.includes("..");
    const answer: HttpResponse = isThere
      ? { status: 200, headers: { "content-type": "text/html" }, body: process.files.readBytes(file) }
      : plain(404, "404 Not Found\n", "text/html");
    return Promise.resolve({ ...answer, headers: { server: `nginx/${version}`, ...answer.headers } });
  };
  let stop: () => void;
  try {
    stop = network.listen(process.place, 80, { process: "nginx", pid: process.pid, handle });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const time = new Date(clock.now()).toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
    await process.err(`${time} [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)\n`);
    return 1;
  }
  await untilStopped(process.signal);
  stop();
  return 0;
};
