import { FileError } from "../../../files/errors.ts";
import type { FileHandle } from "../../../files/file-system.ts";
import { dirname } from "../../../files/paths.ts";
import { encode, readAll } from "../../../io.ts";
import type { Process, Program } from "../../../process.ts";
import type { ExchangeRequest, ExchangeResponse } from "../transfer/exchange.ts";
import { exchange, ExchangeFailure, headerOf, hostOf, portOf } from "../transfer/exchange.ts";
import { DeadlinePassed, startDeadline } from "../transfer/deadline.ts";
import { waitForDownload } from "../transfer/outside.ts";
import { Meter } from "./meter.ts";
import type { CurlOptions } from "./options.ts";
import { CurlUsage, parseCurl } from "./options.ts";
import type { TransferFacts } from "./write-out.ts";
import { writeOutText } from "./write-out.ts";
import { atLeast, CurlFailure, curlFailure } from "./words.ts";

/** curl, as the binary's version words things. Simplified: HTTP, HTTPS and file URLs only. */
export const curl: Program = async (process) => {
  const version = process.executable.version || "7.68.0";
  let options: CurlOptions;
  try {
    options = await parseCurl(process);
  } catch (error) {
    if (!(error instanceof CurlUsage)) throw error;
    await process.err(`curl: ${error.message}\n`);
    if (error.hint) await process.err("curl: try 'curl --help' or 'curl --manual' for more information\n");
    return error.exitCode;
  }
  if (options.version) {
    await process.out(
      `curl ${version} (x86_64-pc-linux-gnu) libcurl/${version}\nProtocols: file http https\nFeatures: AsynchDNS HTTP2 HTTPS-proxy IPv6 Largefile SSL UnixSockets\n`,
    );
    return 0;
  }
  if (options.help) {
    await process.out(
      "Usage: curl [options...] <url>\n -d, --data <data>          HTTP POST data\n -f, --fail                 Fail silently (no output at all) on HTTP errors\n -H, --header <header>      Pass custom header(s) to server\n -L, --location             Follow redirects\n -o, --output <file>        Write to file instead of stdout\n -s, --silent               Silent mode\n -v, --verbose              Make the operation more talkative\n",
    );
    return 0;
  }
  if (options.urls.length === 0) {
    await process.err(
      `curl: ${atLeast(version, "7.88") ? "" : "no URL specified!\ncurl: "}try 'curl --help' or 'curl --manual' for more information\n`,
    );
    return 2;
  }
  let exitCode = 0;
  for (const { url, output } of options.urls)
    exitCode = await transferWithRetries(process, options, version, url, output);
  return exitCode;
};

async function transferWithRetries(
  process: Process,
  options: CurlOptions,
  version: string,
  url: string,
  output: string | undefined,
): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await new Transfer(process, options, version, output).run(url);
      return 0;
    } catch (error) {
      if (!(error instanceof CurlFailure)) throw error;
      const transient =
        error.exitCode === 28 ||
        (options.retryRefused && error.exitCode === 7) ||
        /returned error: (408|429|5\d\d)/.test(error.message);
      if (transient && attempt < options.retry) {
        const delay = options.retryDelay || Math.min(600, 2 ** attempt);
        const left = options.retry - attempt;
        if (!options.silent)
          await process.err(
            `Warning: Problem: ${error.exitCode === 28 ? "timeout" : "connection refused"}. Will retry in ${delay} seconds. ${left} ${left === 1 ? "retry" : "retries"} left.\n`,
          );
        await process.machine.environment.clock.sleep(delay * 1000, process.signal);
        continue;
      }
      if (!options.silent || options.showErrors) await process.err(`curl: (${error.exitCode}) ${error.message}\n`);
      return error.exitCode;
    }
  }
}

class Transfer {
  #process: Process;
  #options: CurlOptions;
  #version: string;
  #output: string | undefined;
  #handle: FileHandle | undefined;
  #meter: Meter;
  #started: number;
  #received = 0;

  constructor(process: Process, options: CurlOptions, version: string, output: string | undefined) {
    this.#process = process;
    this.#options = options;
    this.#version = version;
    this.#output = output === "-" ? undefined : output;
    const toTerminal = this.#output === undefined && process.stdout.isTerminal === true;
    this.#meter = new Meter(process, !options.silent && !toTerminal);
    this.#started = process.machine.environment.clock.monotonic();
  }

  async run(text: string): Promise<void> {
    const url = this.#parse(text);
    if (url.protocol === "file:") return this.#file(url);
    const options = this.#options;
    const deadline = startDeadline(this.#process, milliseconds(options.maxTime), milliseconds(options.connectTimeout));
    let current = url;
    let redirects = 0;
    try {
      await this.#meter.start();
      let request = await this.#request(current, deadline.signal);
      for (;;) {
        await waitForDownload(this.#process, hostOf(current), deadline.signal);
        await this.#say(`  Trying ${await this.#address(current)}:${portOf(current)}...`);
        const response = await exchange(this.#process, { ...request, onConnected: () => deadline.connected() });
        await this.#announce(current, request, response);
        const location = headerOf(response, "location");
        const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== undefined;
        if (isRedirect && options.follow) {
          if (redirects >= options.maxRedirects)
            throw new CurlFailure(47, `Maximum (${options.maxRedirects}) redirects followed`);
          if (options.includeHeaders || options.head) await this.#write(encode(this.#headText(response)));
          for await (const chunk of response.body) void chunk;
          redirects += 1;
          current = new URL(location, current);
          request = redirected(request, current, response.status, options.method !== undefined);
          await this.#say(`Issue another request to this URL: '${current.href}'`);
          continue;
        }
        await this.#receive(response);
        await this.#writeOut({
          url: current,
          status: response.status,
          received: this.#received,
          redirects,
          redirectUrl: isRedirect ? new URL(location, current).href : "",
          contentType: headerOf(response, "content-type") ?? "",
          elapsed: this.#elapsed(),
          address: await this.#address(current),
        });
        return;
      }
    } catch (error) {
      const failure = this.#failure(error, current);
      if (!(failure instanceof CurlFailure)) throw failure;
      if (failure.exitCode !== 22) {
        await this.#meter.finish(undefined, this.#received);
        await this.#say(failure.message);
        await this.#writeOut({
          url: current,
          status: 0,
          received: this.#received,
          redirects,
          redirectUrl: "",
          contentType: "",
          elapsed: this.#elapsed(),
          address: "",
        });
      }
      throw failure;
    } finally {
      deadline.done();
    }
  }

  #parse(text: string): URL {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
    if (scheme !== undefined && !["http", "https", "file"].includes(scheme)) {
      throw new CurlFailure(1, `Protocol "${scheme}" not supported or disabled in libcurl`);
    }
    try {
      if (/\s/.test(text)) throw new TypeError("space");
      return new URL(scheme === undefined ? `http://${text}` : text);
    } catch {
      const reason = atLeast(this.#version, "7.80")
        ? /\s/.test(text)
          ? "URL using bad/illegal format or missing URL"
          : "URL rejected: No host part in the URL"
        : "URL using bad/illegal format or missing URL";
      throw new CurlFailure(3, reason);
    }
  }

  async #request(url: URL, signal: AbortSignal): Promise<ExchangeRequest> {
    const options = this.#options;
    let body = options.body;
    let method = options.method ?? (options.head ? "HEAD" : body ? "POST" : "GET");
    if (options.upload !== undefined) {
      body = options.upload === "-" ? await readAll(this.#process.stdin) : this.#read(options.upload);
      method = options.method ?? "PUT";
      if (url.pathname.endsWith("/")) url.pathname += options.upload.split("/").at(-1) ?? "";
    }
    if (options.asQuery && body) {
      url.search = [url.search.replace(/^\?/, ""), new TextDecoder().decode(body)].filter(Boolean).join("&");
      body = undefined;
      method = options.method ?? (options.head ? "HEAD" : "GET");
    }
    const headers = new Map<string, [string, string]>();
    const set = (name: string, value: string): void => void headers.set(name.toLowerCase(), [name, value]);
    const user =
      options.user ??
      (url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : undefined);
    if (user !== undefined) set("Authorization", `Basic ${Buffer.from(user).toString("base64")}`);
    set("User-Agent", options.userAgent ?? `curl/${this.#version}`);
    set("Accept", "*/*");
    if (options.referer !== undefined) set("Referer", options.referer);
    if (body) {
      set("Content-Length", String(body.length));
      if (options.bodyType !== undefined && options.upload === undefined) set("Content-Type", options.bodyType);
    }
    for (const line of options.headers) {
      const colon = line.indexOf(":");
      const name = (colon < 0 ? line.replace(/;$/, "") : line.slice(0, colon)).trim();
      const value = colon < 0 ? "" : line.slice(colon + 1).trim();
      if (colon >= 0 && value === "") headers.delete(name.toLowerCase());
      else set(name, value);
    }
    const connectTo = this.#resolved(url);
    return {
      url,
      method,
      headers: [...headers.values()].filter(([name]) => name.toLowerCase() !== "host"),
      ...(body ? { body } : {}),
      ...(connectTo === undefined ? {} : { connectTo }),
      ...(options.insecure ? { insecure: true } : {}),
      ...this.#trust(),
      signal,
    };
  }

  #trust(): Pick<ExchangeRequest, "authority" | "clientCertificate"> {
    const { authority, certificate, key } = this.#options;
    const text = (path: string): string => new TextDecoder().decode(this.#read(path));
    let pem: string | undefined;
    if (authority !== undefined) {
      try {
        pem = text(authority);
      } catch (error) {
        if (!(error instanceof CurlFailure)) throw error;
        throw new CurlFailure(
          77,
          `error setting certificate verify locations:\n  CAfile: ${authority}\n  CApath: /etc/ssl/certs`,
        );
      }
    }
    let pair: ExchangeRequest["clientCertificate"];
    if (certificate !== undefined) {
      try {
        pair = { certificate: text(certificate), key: text(key ?? certificate) };
      } catch (error) {
        if (!(error instanceof CurlFailure)) throw error;
        throw new CurlFailure(
          58,
          `could not load PEM client certificate, OpenSSL error error:02001002:system library:fopen:No such file or directory, (no key found, wrong pass phrase, or wrong file format?)`,
        );
      }
    }
    return { ...(pem === undefined ? {} : { authority: pem }), ...(pair ? { clientCertificate: pair } : {}) };
  }

  #read(name: string): Uint8Array {
    try {
      return this.#process.files.readBytes(this.#process.resolve(name));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new CurlFailure(26, `Failed to open/read local data from file/application`);
    }
  }

  #resolved(url: URL): string | undefined {
    const wanted = `${hostOf(url)}:${portOf(url)}:`.toLowerCase();
    return this.#options.resolve.find((entry) => entry.toLowerCase().startsWith(wanted))?.slice(wanted.length);
  }

  async #address(url: URL): Promise<string> {
    const given = this.#resolved(url);
    if (given !== undefined) return given;
    const { network } = this.#process.machine.environment;
    return network.lookup(this.#process.place, hostOf(url)).catch(() => hostOf(url));
  }

  async #file(url: URL): Promise<void> {
    const path = decodeURIComponent(url.pathname);
    let bytes: Uint8Array;
    try {
      bytes = this.#process.files.readBytes(path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new CurlFailure(37, `Couldn't open file ${path}`);
    }
    await this.#meter.start();
    await this.#write(bytes);
    await this.#meter.finish(bytes.length, bytes.length);
  }

  async #receive(response: ExchangeResponse): Promise<void> {
    const options = this.#options;
    const failed = response.status >= 400 && (options.failOnError || options.failWithBody);
    if (options.dumpHeader !== undefined) this.#dump(options.dumpHeader, this.#headText(response));
    if ((options.includeHeaders || options.head) && !(failed && !options.failWithBody))
      await this.#write(encode(this.#headText(response)));
    const length = headerOf(response, "content-length");
    const total = length === undefined ? undefined : Number(length);
    const words = (): CurlFailure => {
      const withReason = response.version !== "2" && !atLeast(this.#version, "7.76");
      const status = withReason ? `${response.status} ${response.reason}`.trimEnd() : String(response.status);
      return new CurlFailure(22, `The requested URL returned error: ${status}`);
    };
    if (failed && !options.failWithBody) {
      await this.#meter.finish(0, 0);
      await this.#facts(response);
      throw words();
    }
    await this.#open();
    for await (const chunk of response.body) {
      this.#received += chunk.length;
      await this.#write(chunk);
    }
    await this.#meter.finish(options.head ? 0 : total, this.#received);
    await this.#say(`Connection #0 to host ${new URL(this.#lastUrl).hostname} left intact`);
    if (failed) throw words();
  }

  #lastUrl = "http://localhost";

  async #facts(response: ExchangeResponse): Promise<void> {
    const url = new URL(this.#lastUrl);
    await this.#writeOut({
      url,
      status: response.status,
      received: 0,
      redirects: 0,
      redirectUrl: "",
      contentType: headerOf(response, "content-type") ?? "",
      elapsed: this.#elapsed(),
      address: "",
    });
  }

  #headText(response: ExchangeResponse): string {
    const reason = response.version === "2" ? "" : response.reason;
    const lines = response.headers.map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/${response.version} ${response.status} ${reason}\r\n${lines.join("")}\r\n`;
  }

  #dump(name: string, text: string): void {
    if (name !== "-") this.#process.files.write(this.#process.resolve(name), text);
  }

  /** Makes the output file, also for an empty body. */
  async #open(): Promise<void> {
    if (this.#output === undefined || this.#handle) return;
    const path = this.#process.resolve(this.#output);
    try {
      if (this.#options.createDirs) this.#process.files.makeDirectories(dirname(path), 0o777 & ~this.#process.umask);
      this.#handle = this.#process.files.open(path, { mode: 0o666 & ~this.#process.umask });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (!this.#options.silent) {
        const verb = atLeast(this.#version, "7.85") ? "open" : "create";
        await this.#process.err(`Warning: Failed to ${verb} the file ${this.#output}: ${error.message}\n`);
      }
      const newer = atLeast(this.#version, "7.79");
      throw new CurlFailure(
        23,
        newer ? "Failure writing output to destination" : "Failed writing received data to disk/application",
      );
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#output === undefined) {
      await this.#process.stdout.write(bytes);
      return;
    }
    await this.#open();
    this.#handle?.write(bytes);
  }

  #failure(error: unknown, url: URL): unknown {
    if (error instanceof CurlFailure) return error;
    if (error instanceof ExchangeFailure || error instanceof DeadlinePassed) {
      return curlFailure(error, {
        version: this.#version,
        host: hostOf(url),
        port: portOf(url),
        elapsed: this.#elapsed(),
        received: this.#received,
      });
    }
    return error;
  }

  #elapsed(): number {
    return this.#process.machine.environment.clock.monotonic() - this.#started;
  }

  async #say(text: string): Promise<void> {
    if (this.#options.verbose) await this.#process.err(`* ${text}\n`);
  }

  async #announce(url: URL, request: ExchangeRequest, response: ExchangeResponse): Promise<void> {
    this.#lastUrl = url.href;
    if (!this.#options.verbose) return;
    if (!atLeast(this.#version, "7.77")) await this.#say("TCP_NODELAY set");
    await this.#say(`Connected to ${hostOf(url)} (${await this.#address(url)}) port ${portOf(url)} (#0)`);
    const two = response.version === "2";
    const names = (name: string): string => (two ? name.toLowerCase() : name);
    const lines = [
      `${request.method} ${url.pathname}${url.search} HTTP/${two ? "2" : "1.1"}`,
      `${names("Host")}: ${url.host}`,
    ];
    for (const [name, value] of request.headers) lines.push(`${names(name)}: ${value}`);
    await this.#process.err(lines.map((line) => `> ${line}\r\n`).join("") + "> \r\n");
    if (!two && !atLeast(this.#version, "8.0")) await this.#say("Mark bundle as not supporting multiuse");
    await this.#process.err(
      this.#headText(response)
        .split("\r\n")
        .slice(0, -1)
        .map((line) => `< ${line}\r\n`)
        .join(""),
    );
    if (this.#process.stdout.isTerminal !== true || this.#output !== undefined) {
      const length = headerOf(response, "content-length");
      if (length !== undefined && Number(length) > 0) await this.#process.err(`{ [${length} bytes data]\n`);
    }
  }

  async #writeOut(facts: TransferFacts): Promise<void> {
    if (this.#options.writeOut !== "") await this.#process.out(writeOutText(this.#options.writeOut, facts));
  }
}

/** After a redirect: a POST becomes a GET (but not for 307 and 308), credentials stay with their host. */
function redirected(request: ExchangeRequest, url: URL, status: number, keepMethod: boolean): ExchangeRequest {
  const toGet =
    (status === 303 || ((status === 301 || status === 302) && request.method === "POST")) && request.method !== "HEAD";
  const sameHost = url.host === request.url.host;
  const headers = request.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === "authorization") return sameHost;
    return !(toGet && (lower === "content-length" || lower === "content-type"));
  });
  const { body, connectTo: _, ...rest } = request;
  return {
    ...rest,
    url,
    headers,
    ...(body && !toGet ? { body } : {}),
    method: toGet && !keepMethod ? "GET" : request.method,
  };
}

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;
