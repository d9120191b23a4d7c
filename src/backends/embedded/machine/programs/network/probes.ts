import { NetworkError } from "../../../network/network.ts";
import { nameServerOf } from "../../../runtime/images/go-errors.ts";
import type { Process, Program } from "../../process.ts";
import { DeadlinePassed, startDeadline } from "./transfer/deadline.ts";

const lookup = async (process: Process, host: string): Promise<string | undefined> => {
  try {
    return await process.machine.environment.network.lookup(process.place, host);
  } catch (error) {
    if (error instanceof NetworkError) return undefined;
    throw error;
  }
};

const isAddress = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text);

/** OpenBSD's nc: connects, or with -z only tries. */
export const nc: Program = async (process) => {
  let verbose = false;
  let scan = false;
  let listenOn = false;
  let timeout: number | undefined;
  const operands: string[] = [];
  const args = process.argv.slice(1);
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (!arg.startsWith("-") || arg === "-") {
      operands.push(arg);
      continue;
    }
    for (let rest = arg.slice(1); rest !== "";) {
      const letter = rest.slice(0, 1);
      rest = rest.slice(1);
      if (letter === "v") verbose = true;
      else if (letter === "z") scan = true;
      else if (letter === "l") listenOn = true;
      else if ("wpiqsXx".includes(letter)) {
        let value = rest;
        rest = "";
        if (value === "") {
          index += 1;
          value = args[index] ?? "";
        }
        if (letter === "w") timeout = Number(value) * 1000;
      }
    }
  }
  if (listenOn) {
    await process.err("nc: listening is not modelled\n");
    return 1;
  }
  const [host, ports] = operands;
  if (host === undefined || ports === undefined) {
    await process.err("usage: nc [-46CDdFhklNnrStUuvZz] [-w timeout] [destination] [port]\n");
    return 1;
  }
  const [first = 0, last = first] = ports.split("-").map(Number);
  let exitCode = 1;
  for (let port = first; port <= last; port += 1) {
    if (await connectOnce(process, host, port, { verbose, scan, timeout })) exitCode = 0;
  }
  return exitCode;
};

interface NcOptions {
  verbose: boolean;
  scan: boolean;
  timeout: number | undefined;
}

async function connectOnce(process: Process, host: string, port: number, options: NcOptions): Promise<boolean> {
  const { network } = process.machine.environment;
  const deadline = startDeadline(process, undefined, options.timeout);
  try {
    const stream = await network.connect(process.place, host, port, deadline.signal);
    deadline.connected();
    if (options.verbose) await process.err(`Connection to ${host} ${port} port [tcp/*] succeeded!\n`);
    if (options.scan) {
      stream.destroy();
      return true;
    }
    const ended = (async () => {
      for await (const chunk of stream) if (chunk instanceof Uint8Array) await process.stdout.write(chunk);
    })();
    for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) stream.write(chunk);
    await ended.catch(() => undefined);
    return true;
  } catch (error) {
    if (process.signal.aborted) throw error;
    if (error instanceof NetworkError && error.code === "ENOTFOUND") {
      await process.err(`nc: getaddrinfo for host "${host}" port ${port}: Name or service not known\n`);
      return false;
    }
    if (!(error instanceof NetworkError) && !(error instanceof DeadlinePassed)) throw error;
    const words =
      error instanceof NetworkError && error.code === "ECONNREFUSED"
        ? "Connection refused"
        : error instanceof NetworkError && error.code === "EHOSTUNREACH"
          ? "No route to host"
          : "Connection timed out";
    if (options.verbose) await process.err(`nc: connect to ${host} port ${port} (tcp) failed: ${words}\n`);
    return false;
  } finally {
    deadline.done();
  }
}

/** ping. Simplified: machines, pods of this machine and names of the modelled internet answer; all else is silent. */
export const ping: Program = async (process) => {
  const args = process.argv.slice(1);
  let count = Number.POSITIVE_INFINITY;
  let interval = 1000;
  let host: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    const value = (): string => arg.slice(2) || (args[(index += 1)] ?? "");
    if (arg.startsWith("-c")) count = Number(value());
    else if (arg.startsWith("-i")) interval = Number(value()) * 1000;
    else if (/^-[wWs]/.test(arg)) value();
    else if (!arg.startsWith("-")) host = arg;
  }
  if (host === undefined) {
    await process.err("ping: usage error: Destination address required\n");
    return 1;
  }
  const address = await lookup(process, host);
  if (address === undefined) {
    await process.err(`ping: ${host}: Name or service not known\n`);
    return 2;
  }
  const shown = isAddress(host) ? address : `${host} (${address})`;
  await process.out(`PING ${host} (${address}) 56(84) bytes of data.\n`);
  const { clock } = process.machine.environment;
  const began = clock.monotonic();
  let sent = 0;
  let received = 0;
  try {
    for (; sent < count;) {
      if (sent > 0) await clock.sleep(interval, process.signal);
      sent += 1;
      if (!(await answers(process, address))) continue;
      received += 1;
      await process.out(`64 bytes from ${shown}: icmp_seq=${sent} ttl=64 time=0.${300 + sent} ms\n`);
    }
  } catch (error) {
    if (!process.signal.aborted) throw error;
  }
  const lost = sent === 0 ? 0 : Math.round(((sent - received) * 100) / sent);
  const time = Math.round(clock.monotonic() - began);
  const summary = `\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${received} received, ${lost}% packet loss, time ${time}ms\n`;
  await process.out(received > 0 ? `${summary}rtt min/avg/max/mdev = 0.301/0.310/0.320/0.010 ms\n` : `${summary}\n`);
  return received > 0 ? 0 : 1;
};

/** A closed port still shows that somebody is there: it refuses. */
async function answers(process: Process, address: string): Promise<boolean> {
  const { network } = process.machine.environment;
  try {
    const stream = await network.connect(process.place, address, 1, process.signal);
    stream.destroy();
    return true;
  } catch (error) {
    if (process.signal.aborted) throw error;
    return error instanceof NetworkError && (error.code === "ECONNREFUSED" || error.code === "ECONNRESET");
  }
}

/** nslookup. Simplified: one address for a name, and no other kinds of record. */
export const nslookup: Program = async (process) => {
  const [host] = process.argv.slice(1).filter((arg) => !arg.startsWith("-"));
  if (host === undefined) return 0;
  const server = nameServerOf(process.machine).replace(/:53$/, "");
  await process.out(`Server:\t\t${server}\nAddress:\t${server}#53\n\n`);
  const address = await lookup(process, host);
  if (address === undefined) {
    await process.out(`** server can't find ${host}: NXDOMAIN\n\n`);
    return 1;
  }
  await process.out(`Non-authoritative answer:\nName:\t${host}\nAddress: ${address}\n\n`);
  return 0;
};

/** host. Simplified: as nslookup, one address for a name. */
export const host: Program = async (process) => {
  const [name] = process.argv.slice(1).filter((arg) => !arg.startsWith("-"));
  if (name === undefined) {
    await process.err("Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time] name [server]\n");
    return 1;
  }
  const address = await lookup(process, name);
  if (address === undefined) {
    await process.out(`Host ${name} not found: 3(NXDOMAIN)\n`);
    return 1;
  }
  await process.out(`${name} has address ${address}\n`);
  return 0;
};

/** dig. Simplified: as nslookup, one address for a name. */
export const dig: Program = async (process) => {
  const args = process.argv.slice(1);
  const short = args.includes("+short");
  const name = args.find((arg) => !/^[-+@]/.test(arg) && !/^(A|AAAA|IN|ANY|MX|TXT|NS)$/.test(arg)) ?? ".";
  const address = await lookup(process, name);
  if (short) {
    if (address !== undefined) await process.out(`${address}\n`);
    return 0;
  }
  const status = address === undefined ? "NXDOMAIN" : "NOERROR";
  const lines = [
    "",
    `; <<>> DiG ${process.executable.version} <<>> ${args.join(" ")}`,
    ";; global options: +cmd",
    ";; Got answer:",
    `;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: 4711`,
    `;; flags: qr rd ra; QUERY: 1, ANSWER: ${address === undefined ? 0 : 1}, AUTHORITY: 0, ADDITIONAL: 1`,
    "",
    ";; QUESTION SECTION:",
    `;${name}.\t\t\tIN\tA`,
    "",
    ...(address === undefined ? [] : [";; ANSWER SECTION:", `${name}.\t\t60\tIN\tA\t${address}`, ""]),
    `;; SERVER: ${nameServerOf(process.machine).replace(/:53$/, "")}#53`,
    "",
  ];
  await process.out(`${lines.join("\n")}\n`);
  return 0;
};
