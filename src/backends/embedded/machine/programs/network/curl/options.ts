import type { Process } from "../../../process.ts";
import { decode, encode, concat, readAll } from "../../../io.ts";
import { FileError } from "../../../files/errors.ts";

/** What a curl command line asks for. */
export interface CurlOptions {
  urls: { url: string; output: string | undefined }[];
  method: string | undefined;
  headers: string[];
  body: Uint8Array | undefined;
  /** Content type of the body when no header says it. */
  bodyType: string | undefined;
  /** Sends the body as the URL's query (-G). */
  asQuery: boolean;
  upload: string | undefined;
  silent: boolean;
  showErrors: boolean;
  failOnError: boolean;
  failWithBody: boolean;
  follow: boolean;
  maxRedirects: number;
  head: boolean;
  includeHeaders: boolean;
  dumpHeader: string | undefined;
  verbose: boolean;
  insecure: boolean;
  authority: string | undefined;
  certificate: string | undefined;
  key: string | undefined;
  userAgent: string | undefined;
  user: string | undefined;
  referer: string | undefined;
  /** Seconds. */
  maxTime: number | undefined;
  connectTimeout: number | undefined;
  retry: number;
  retryDelay: number;
  retryRefused: boolean;
  writeOut: string;
  resolve: string[];
  createDirs: boolean;
  globOff: boolean;
  version: boolean;
  help: boolean;
}

/** Wrong use: the words after `curl: `. */
export class CurlUsage extends Error {
  override readonly name = "CurlUsage";
  readonly exitCode: number;
  readonly hint: boolean;
  constructor(message: string, exitCode = 2, hint = true) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

const letters: Readonly<Record<string, string>> = {
  s: "silent",
  S: "show-error",
  f: "fail",
  L: "location",
  o: "output",
  O: "remote-name",
  v: "verbose",
  i: "include",
  I: "head",
  X: "request",
  d: "data",
  H: "header",
  k: "insecure",
  m: "max-time",
  w: "write-out",
  T: "upload-file",
  u: "user",
  A: "user-agent",
  e: "referer",
  E: "cert",
  G: "get",
  V: "version",
  h: "help",
  g: "globoff",
  N: "no-buffer",
  "4": "ipv4",
  "6": "ipv6",
  "#": "progress-bar",
  D: "dump-header",
  "0": "http1.0",
  J: "remote-header-name",
  R: "remote-time",
  x: "proxy",
  q: "disable",
  Z: "parallel",
  C: "continue-at",
};

const withValue = new Set([
  "output",
  "request",
  "data",
  "data-raw",
  "data-binary",
  "data-ascii",
  "data-urlencode",
  "json",
  "header",
  "max-time",
  "connect-timeout",
  "retry",
  "retry-delay",
  "retry-max-time",
  "write-out",
  "upload-file",
  "user",
  "user-agent",
  "referer",
  "cert",
  "key",
  "cacert",
  "capath",
  "resolve",
  "max-redirs",
  "url",
  "dump-header",
  "proxy",
  "noproxy",
  "output-dir",
  "continue-at",
  "limit-rate",
  "interface",
  "proto",
  "proto-redir",
  "tls-max",
  "ciphers",
  "unix-socket",
]);

const switches = new Set([
  ...Object.values(letters).filter((name) => !withValue.has(name)),
  "retry-connrefused",
  "retry-all-errors",
  "create-dirs",
  "compressed",
  "http1.1",
  "http2",
  "http2-prior-knowledge",
  "location-trusted",
  "fail-with-body",
  "no-progress-meter",
  "tlsv1.2",
  "tlsv1.3",
  "tlsv1",
  "ssl-reqd",
  "tcp-nodelay",
  "path-as-is",
  "fail-early",
  "no-keepalive",
  "remote-name-all",
  "no-alpn",
]);

/** Reads a command line, with the files that `@file` names. Throws CurlUsage. */
export async function parseCurl(process: Process): Promise<CurlOptions> {
  const options: CurlOptions = {
    urls: [],
    method: undefined,
    headers: [],
    body: undefined,
    bodyType: undefined,
    asQuery: false,
    upload: undefined,
    silent: false,
    showErrors: false,
    failOnError: false,
    failWithBody: false,
    follow: false,
    maxRedirects: 50,
    head: false,
    includeHeaders: false,
    dumpHeader: undefined,
    verbose: false,
    insecure: false,
    authority: undefined,
    certificate: undefined,
    key: undefined,
    userAgent: undefined,
    user: undefined,
    referer: undefined,
    maxTime: undefined,
    connectTimeout: undefined,
    retry: 0,
    retryDelay: 0,
    retryRefused: false,
    writeOut: "",
    resolve: [],
    createDirs: false,
    globOff: false,
    version: false,
    help: false,
  };
  const state: State = { process, options, urls: [], outputs: [], outputDirectory: "", allRemote: false };
  const args = process.argv.slice(1);
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg.startsWith("--")) {
      const name = longName(arg);
      if (withValue.has(name)) {
        index += 1;
        await applyOption(state, name, needed(args[index], `--${name}`));
      } else await applyOption(state, name, "");
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let rest = arg.slice(1); rest !== "";) {
        const letter = rest.slice(0, 1);
        rest = rest.slice(1);
        const name = letters[letter];
        if (name === undefined) throw new CurlUsage(`option ${arg}: is unknown`);
        if (!withValue.has(name)) {
          await applyOption(state, name, "");
          continue;
        }
        let value: string | undefined = rest;
        rest = "";
        if (value === "") {
          index += 1;
          value = args[index];
        }
        await applyOption(state, name, needed(value, `-${letter}`));
      }
    } else state.urls.push(arg);
  }
  assignOutputs(state);
  return options;
}

interface State {
  process: Process;
  options: CurlOptions;
  urls: string[];
  /** `undefined` stands for -O. */
  outputs: (string | undefined)[];
  outputDirectory: string;
  allRemote: boolean;
}

function needed(value: string | undefined, option: string): string {
  if (value === undefined) throw new CurlUsage(`option ${option}: requires parameter`);
  return value;
}

function longName(arg: string): string {
  const word = arg.slice(2);
  if (withValue.has(word) || switches.has(word)) return word;
  if (word.startsWith("no-") && switches.has(word.slice(3))) return word;
  const matches = [...withValue, ...switches].filter((name) => name.startsWith(word));
  const [first] = matches;
  if (word === "" || first === undefined) throw new CurlUsage(`option ${arg}: is unknown`);
  if (matches.length > 1) throw new CurlUsage(`option ${arg}: is ambiguous`);
  return first;
}

async function applyOption(state: State, name: string, value: string): Promise<void> {
  const { options } = state;
  switch (name) {
    case "silent":
      options.silent = true;
      break;
    case "show-error":
      options.showErrors = true;
      break;
    case "fail":
      options.failOnError = true;
      break;
    case "fail-with-body":
      options.failWithBody = true;
      break;
    case "location":
    case "location-trusted":
      options.follow = true;
      break;
    case "max-redirs":
      options.maxRedirects = Number(value);
      break;
    case "verbose":
      options.verbose = true;
      break;
    case "include":
      options.includeHeaders = true;
      break;
    case "head":
      options.head = true;
      break;
    case "insecure":
      options.insecure = true;
      break;
    case "get":
      options.asQuery = true;
      break;
    case "create-dirs":
      options.createDirs = true;
      break;
    case "globoff":
      options.globOff = true;
      break;
    case "version":
      options.version = true;
      break;
    case "help":
      options.help = true;
      break;
    case "retry-connrefused":
    case "retry-all-errors":
      options.retryRefused = true;
      break;
    case "remote-name":
      state.outputs.push(undefined);
      break;
    case "remote-name-all":
      state.allRemote = true;
      break;
    case "output":
      state.outputs.push(value);
      break;
    case "output-dir":
      state.outputDirectory = value;
      break;
    case "url":
      state.urls.push(value);
      break;
    case "request":
      options.method = value;
      break;
    case "header":
      options.headers.push(...(await headersFrom(state.process, value)));
      break;
    case "data":
    case "data-ascii":
      await addData(state, value, "text");
      break;
    case "data-binary":
      await addData(state, value, "binary");
      break;
    case "data-raw":
      await addData(state, value, "raw");
      break;
    case "data-urlencode":
      await addData(state, encodeURIComponent(value).replace(/^([^%=]*)%3D/, "$1="), "raw");
      break;
    case "json":
      await addData(state, value, "binary");
      options.bodyType = "application/json";
      break;
    case "upload-file":
      options.upload = value;
      break;
    case "max-time":
      options.maxTime = seconds(value, "--max-time");
      break;
    case "connect-timeout":
      options.connectTimeout = seconds(value, "--connect-timeout");
      break;
    case "retry":
      options.retry = seconds(value, "--retry");
      break;
    case "retry-delay":
      options.retryDelay = seconds(value, "--retry-delay");
      break;
    case "write-out":
      options.writeOut = value;
      break;
    case "resolve":
      options.resolve.push(value);
      break;
    case "user":
      options.user = value;
      break;
    case "user-agent":
      options.userAgent = value;
      break;
    case "referer":
      options.referer = value;
      break;
    case "cacert":
      options.authority = value;
      break;
    case "cert":
      options.certificate = value.replace(/:[^:/]*$/, "");
      break;
    case "key":
      options.key = value;
      break;
    case "dump-header":
      options.dumpHeader = value;
      break;
    default:
      break;
  }
}

function seconds(value: string, option: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new CurlUsage(`option ${option}: expected a proper numerical parameter`);
  return Number(value);
}

async function headersFrom(process: Process, value: string): Promise<string[]> {
  if (!value.startsWith("@")) return [value];
  return decode(await fileOf(process, value.slice(1)))
    .split(/\r?\n/)
    .filter(Boolean);
}

async function addData(state: State, value: string, kind: "text" | "binary" | "raw"): Promise<void> {
  let bytes = encode(value);
  if (kind !== "raw" && value.startsWith("@")) {
    bytes = await fileOf(state.process, value.slice(1));
    if (kind === "text") bytes = encode(decode(bytes).replace(/[\r\n]/g, ""));
  }
  const { options } = state;
  options.body = options.body ? concat([options.body, encode("&"), bytes]) : bytes;
  options.bodyType ??= "application/x-www-form-urlencoded";
}

async function fileOf(process: Process, name: string): Promise<Uint8Array> {
  if (name === "-") return readAll(process.stdin);
  try {
    return process.files.readBytes(process.resolve(name));
  } catch (error) {
    if (error instanceof FileError) {
      throw new CurlUsage(`option -d: error encountered when reading a file`, 26);
    }
    throw error;
  }
}

/** Pairs -o and -O with the URLs, in order. */
function assignOutputs(state: State): void {
  const expanded = state.urls.map((url) => (state.options.globOff ? [url] : expand(url)));
  expanded.forEach((group, index) => {
    const given = index < state.outputs.length;
    const remote = given ? state.outputs[index] === undefined : state.allRemote;
    for (const [nth, url] of group.entries()) {
      let output = state.outputs[index]?.replace(/#1/g, String(nth + 1));
      if (remote) {
        output = remoteName(url);
        if (output === "") throw new CurlUsage("Remote file name has no length!", 23, false);
      }
      if (output !== undefined && output !== "-" && state.outputDirectory !== "" && !output.startsWith("/")) {
        output = `${state.outputDirectory}/${output}`;
      }
      state.options.urls.push({ url, output });
    }
  });
}

const remoteName = (url: string): string => {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/[?#].*$/, "");
  return path.slice(path.lastIndexOf("/") + 1);
};

/** `{a,b}` and `[1-3]` of a URL. */
function expand(url: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(url);
  if (braces) {
    return (braces[1] ?? "")
      .split(",")
      .flatMap((part) => expand(url.slice(0, braces.index) + part + url.slice(braces.index + braces[0].length)));
  }
  const range = /\[(\d+)-(\d+)\]/.exec(url);
  if (!range) return [url];
  const [whole, from = "0", to = "0"] = range;
  const all: string[] = [];
  for (let number = Number(from); number <= Number(to) && all.length < 10_000; number += 1) {
    const text = String(number).padStart(from.startsWith("0") ? from.length : 0, "0");
    all.push(...expand(url.slice(0, range.index) + text + url.slice(range.index + whole.length)));
  }
  return all;
}
