import { FileError } from "../../../files/errors.ts";
import type { FileHandle } from "../../../files/file-system.ts";
import type { Process, Program } from "../../../process.ts";
import type { ExchangeRequest, ExchangeResponse } from "../transfer/exchange.ts";
import { exchange, ExchangeFailure, headerOf, hostOf, portOf } from "../transfer/exchange.ts";
import { DeadlinePassed, startDeadline } from "../transfer/deadline.ts";
import { waitForDownload } from "../transfer/outside.ts";
import type { WgetOptions } from "./options.ts";
import { parseWget, WgetUsage } from "./options.ts";
import { human, reasonOf, stamp } from "./words.ts";

const usage = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n";

/** GNU wget. Simplified: HTTP and HTTPS, no recursion. */
export const wget: Program = async (process) => {
  let options: WgetOptions;
  try {
    options = parseWget(process.argv.slice(1));
  } catch (error) {
    if (!(error instanceof WgetUsage)) throw error;
    if (error.message === "version") {
      await process.out(`GNU Wget ${process.executable.version || "1.20.3"} built on linux-gnu.\n`);
      return 0;
    }
    if (error.message === "help") {
      await process.out(
        `GNU Wget ${process.executable.version || "1.20.3"}, a non-interactive network retriever.\n${usage.split("\n")[0]}\n`,
      );
      return 0;
    }
    await process.err(`wget: ${error.message}\n${usage}`);
    return error.message === "missing URL" ? 1 : 2;
  }
  const target = await openTarget(process, options);
  if (target === "failed") return 1;
  let exitCode = 0;
  for (const url of options.urls) {
    const code = await new Retrieval(process, options, target).run(url);
    exitCode = exitCode === 0 ? code : Math.min(exitCode, code || exitCode);
  }
  return exitCode;
};

/** With -O everything goes into one file, which is made before anything is asked for. */
async function openTarget(process: Process, options: WgetOptions): Promise<FileHandle | "failed" | undefined> {
  if (options.output === undefined || options.output === "-" || options.spider) return undefined;
  try {
    return process.files.open(process.resolve(options.output), {
      append: options.resume,
      mode: 0o666 & ~process.umask,
    });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (!options.quiet) await process.err(`${options.output}: ${error.message}\n`);
    return "failed";
  }
}

class Retrieval {
  #process: Process;
  #options: WgetOptions;
  #target: FileHandle | undefined;

  constructor(process: Process, options: WgetOptions, target: FileHandle | undefined) {
    this.#process = process;
    this.#options = options;
    this.#target = target;
  }

  async run(text: string): Promise<number> {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
    if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
      await this.#process.err(`${text}: Unsupported scheme ‘${scheme}’.\n`);
      return 1;
    }
    let url: URL;
    try {
      url = new URL(scheme === undefined ? `http://${text}` : text);
    } catch {
      await this.#process.err(`${text}: Invalid host name.\n`);
      return 1;
    }
    for (let attempt = 1; ; attempt += 1) {
      const code = await this.#attempt(url, attempt);
      if (code !== "again") return code;
      if (attempt >= this.#options.tries) {
        await this.#log("Giving up.\n\n");
        return 4;
      }
      await this.#log("Retrying.\n\n");
      await this.#process.machine.environment.clock.sleep(Math.min(10, attempt) * 1000, this.#process.signal);
    }
  }

  async #attempt(start: URL, attempt: number): Promise<number | "again"> {
    const options = this.#options;
    let url = start;
    const host = hostOf(url);
    const deadline = startDeadline(
      this.#process,
      undefined,
      options.timeout === undefined ? undefined : options.timeout * 1000,
    );
    try {
      for (let redirects = 0; ; redirects += 1) {
        const count = attempt > 1 ? `(try:${String(attempt).padStart(2)})  ` : "";
        await this.#log(`--${stamp(this.#now())}--  ${count}${url.href}\n`);
        const response = await this.#ask(url, deadline.signal, () => deadline.connected());
        await this.#log(`${response.status} ${reasonOf(response)}\n`);
        if (options.serverResponse)
          await this.#process.err(response.headers.map(([name, value]) => `  ${name}: ${value}\n`).join(""));
        const location = headerOf(response, "location");
        if ([301, 302, 303, 307, 308].includes(response.status) && location !== undefined) {
          await this.#log(`Location: ${location} [following]\n`);
          for await (const chunk of response.body) void chunk;
          if (redirects >= 20) {
            await this.#log("20 redirections exceeded.\n");
            return 8;
          }
          url = new URL(location, url);
          continue;
        }
        if (response.status === 416 && options.resume) {
          await this.#log("\n    The file is already fully retrieved; nothing to do.\n\n");
          return 0;
        }
        if (response.status >= 400) return await this.#refused(url, response);
        if (options.spider) {
          await this.#log("Remote file exists.\n\n");
          return 0;
        }
        return await this.#save(start, url, response);
      }
    } catch (error) {
      return await this.#failed(error, host, url);
    } finally {
      deadline.done();
    }
  }

  async #ask(url: URL, signal: AbortSignal, onConnected: () => void): Promise<ExchangeResponse> {
    const options = this.#options;
    const host = hostOf(url);
    const { network } = this.#process.machine.environment;
    const numeric = /^[\d.]+$|:/.test(host);
    let address = host;
    if (!numeric) {
      await this.#log(`Resolving ${host} (${host})... `);
      try {
        address = await network.lookup(this.#process.place, host);
      } catch {
        throw new ExchangeFailure("resolve", host);
      }
      await this.#log(`${address}\n`);
    }
    await this.#log(`Connecting to ${numeric ? host : `${host} (${host})|${address}|`}:${portOf(url)}... `);
    await waitForDownload(this.#process, host, signal);
    const given = new Set(options.headers.map((line) => line.split(":")[0]?.toLowerCase()));
    const headers: [string, string][] = [
      ["User-Agent", `Wget/${this.#process.executable.version || "1.20.3"} (linux-gnu)`],
      ["Accept", "*/*"],
      ["Accept-Encoding", "identity"],
      ["Connection", "Keep-Alive"],
    ];
    const body = options.body === undefined ? undefined : new TextEncoder().encode(options.body);
    const all = [
      ...headers.filter(([name]) => !given.has(name.toLowerCase())),
      ...options.headers.map((line): [string, string] => [
        line.split(":")[0] ?? "",
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
      ...(body
        ? [
            ["Content-Length", String(body.length)] satisfies [string, string],
            ["Content-Type", "application/x-www-form-urlencoded"] satisfies [string, string],
          ]
        : []),
    ];
    let connected = false;
    const request: ExchangeRequest = {
      url,
      method: options.method,
      headers: all,
      ...(body ? { body } : {}),
      ...(options.insecure ? { insecure: true } : {}),
      ...this.#authority(),
      signal,
      onConnected: () => {
        connected = true;
        onConnected();
      },
    };
    try {
      const response = await exchange(this.#process, request);
      await this.#log("connected.\nHTTP request sent, awaiting response... ");
      return response;
    } catch (error) {
      if (connected) await this.#log("connected.\nHTTP request sent, awaiting response... ");
      throw error;
    }
  }

  #authority(): { authority?: string } {
    const name = this.#options.authority;
    return name === undefined ? {} : { authority: this.#process.files.readText(this.#process.resolve(name)) };
  }

  async #refused(url: URL, response: ExchangeResponse): Promise<number> {
    const words = `${stamp(this.#now())} ERROR ${response.status}: ${reasonOf(response)}.`;
    if (this.#options.brief && !this.#options.quiet) await this.#process.err(`${url.href}:\n${words}\n`);
    else if (this.#options.spider) await this.#log("Remote file does not exist -- broken link!!!\n\n");
    else await this.#log(`${words}\n\n`);
    return 8;
  }

  async #failed(error: unknown, host: string, url: URL): Promise<number | "again"> {
    const loud = async (text: string): Promise<void> => {
      if (!this.#options.quiet) await this.#process.err(text);
    };
    if (error instanceof DeadlinePassed) {
      await this.#log("failed: Connection timed out.\n");
      return "again";
    }
    if (error instanceof FileError) {
      await loud(`${error.path}: ${error.message}\n\nCannot write to ‘${error.path}’ (${error.message}).\n`);
      return 3;
    }
    if (!(error instanceof ExchangeFailure)) throw error;
    switch (error.kind) {
      case "resolve":
        await this.#log("failed: Name or service not known.\n");
        await loud(`wget: unable to resolve host address ‘${host}’\n`);
        return 4;
      case "connect":
        await this.#log(`failed: ${error.message}.\n`);
        if (error.code === "ETIMEDOUT" || (error.code === "ECONNREFUSED" && this.#options.retryRefused)) return "again";
        return 4;
      case "certificate":
        await this.#log("connected.\n");
        await loud(
          `ERROR: cannot verify ${hostOf(url)}'s certificate:\n  Unable to locally verify the issuer's authority.\nTo connect to ${hostOf(url)} insecurely, use \`--no-check-certificate'.\n`,
        );
        return 5;
      case "tls-version":
        await this.#log("connected.\n");
        await loud(
          "OpenSSL: error:1408F10B:SSL routines:ssl3_get_record:wrong version number\nUnable to establish SSL connection.\n",
        );
        return 4;
      case "empty":
        await this.#log("No data received.\n");
        return "again";
      default:
        await this.#log("Read error (Connection reset by peer) in headers.\n");
        return "again";
    }
  }

  async #save(start: URL, url: URL, response: ExchangeResponse): Promise<number> {
    const options = this.#options;
    const given = headerOf(response, "content-length");
    const type = (headerOf(response, "content-type") ?? "").replace(/;.*/, "");
    const total = given === undefined ? undefined : Number(given);
    const length = total === undefined ? "unspecified" : total >= 1024 ? `${total} (${human(total)})` : String(total);
    await this.#log(`Length: ${length}${type === "" ? "" : ` [${type}]`}\n`);
    const name = options.output ?? this.#nameOf(start);
    if (options.noClobber && options.output === undefined && this.#process.files.exists(this.#process.resolve(name))) {
      await this.#log(`File ‘${name}’ already there; not retrieving.\n\n`);
      return 0;
    }
    const shown = name === "-" ? "STDOUT" : name;
    await this.#log(`Saving to: ‘${shown}’\n\n`);
    const handle = this.#target ?? (name === "-" ? undefined : this.#create(name));
    let received = 0;
    const began = this.#process.machine.environment.clock.monotonic();
    for await (const chunk of response.body) {
      received += chunk.length;
      if (handle) handle.write(chunk);
      else await this.#process.stdout.write(chunk);
    }
    const ms = this.#process.machine.environment.clock.monotonic() - began;
    const rate = human(Math.round((received * 1000) / Math.max(1, ms)));
    await this.#progress(shown, received, total, rate);
    const speed = `${rate.replace(/([KMG]?)$/, " $1")}B/s`;
    const end = total === undefined ? String(received) : `${received}/${total}`;
    await this.#log(
      `${stamp(this.#now())} (${speed}) - ${shown === "STDOUT" ? "written to stdout" : `‘${shown}’ saved`} [${end}]\n\n`,
    );
    if (options.brief && !options.quiet)
      await this.#process.err(`${stamp(this.#now())} URL:${url.href} [${end}] -> "${name}" [1]\n`);
    return 0;
  }

  #nameOf(url: URL): string {
    const base = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1)) || "index.html";
    const named = this.#options.prefix === "" ? base : `${this.#options.prefix}/${base}`;
    const taken = (name: string): boolean => this.#process.files.exists(this.#process.resolve(name));
    if (!taken(named) || this.#options.noClobber || this.#options.timestamping || this.#options.resume) return named;
    for (let number = 1; ; number += 1) if (!taken(`${named}.${number}`)) return `${named}.${number}`;
  }

  #create(name: string): FileHandle {
    const { files, umask } = this.#process;
    const path = this.#process.resolve(name);
    if (this.#options.prefix !== "") files.makeDirectories(this.#process.resolve(this.#options.prefix), 0o777 & ~umask);
    // Simplified: -c asks for the whole file again and replaces what was there.
    return files.open(path, { mode: 0o666 & ~umask });
  }

  async #progress(name: string, received: number, total: number | undefined, speed: string): Promise<void> {
    const { terminal } = this.#process;
    if (terminal && this.#process.stderr.isTerminal === true) {
      const width = Math.max(10, terminal.columns - 62);
      const bar = total === undefined ? " ".repeat(width) : `${"=".repeat(width - 1)}>`;
      const label = name.slice(0, 19).padEnd(19);
      return this.#log(`${label} 100%[${bar}] ${human(received).padStart(7)}  --.-KB/s    in 0s      \n\n`);
    }
    const rows: string[] = [];
    for (let at = 0; at < Math.max(1, received); at += 51_200) {
      const dots = Math.min(50, Math.ceil((received - at) / 1024));
      const text = ".".repeat(Math.max(0, dots)).replace(/(.{10})(?=.)/g, "$1 ");
      const percent =
        total === undefined || total === 0
          ? ""
          : `${Math.floor((Math.min(received, at + 51_200) * 100) / total)}%`.padStart(4);
      const last = at + 51_200 >= received;
      rows.push(
        `${String(at / 1024).padStart(6)}K ${text.padEnd(54)} ${percent}${speed.padStart(6)}${last ? "=0s" : " 0s"}`,
      );
    }
    await this.#log(`${rows.join("\n")}\n\n`);
  }

  #now(): number {
    return this.#process.machine.environment.clock.now();
  }

  /** The usual log; silent with -q and -nv. */
  async #log(text: string): Promise<void> {
    if (!this.#options.quiet && !this.#options.brief) await this.#process.err(text);
  }
}
