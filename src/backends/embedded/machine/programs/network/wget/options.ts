/** What a wget command line asks for. */
export interface WgetOptions {
  urls: string[];
  quiet: boolean;
  brief: boolean;
  output: string | undefined;
  prefix: string;
  resume: boolean;
  noClobber: boolean;
  timestamping: boolean;
  spider: boolean;
  insecure: boolean;
  authority: string | undefined;
  headers: string[];
  method: string;
  body: string | undefined;
  /** Seconds. */
  timeout: number | undefined;
  tries: number;
  retryRefused: boolean;
  serverResponse: boolean;
}

/** Wrong use, in wget's words; also `version` and `help`. */
export class WgetUsage extends Error {
  override readonly name = "WgetUsage";
}

const letters: Readonly<Record<string, string>> = {
  q: "quiet",
  v: "verbose",
  O: "output-document",
  P: "directory-prefix",
  c: "continue",
  N: "timestamping",
  T: "timeout",
  t: "tries",
  S: "server-response",
  V: "version",
  h: "help",
  d: "debug",
  "4": "inet4-only",
  "6": "inet6-only",
  b: "background",
};
const withValue = new Set([
  "output-document",
  "directory-prefix",
  "timeout",
  "tries",
  "header",
  "method",
  "body-data",
  "post-data",
  "ca-certificate",
  "user-agent",
  "connect-timeout",
  "read-timeout",
  "dns-timeout",
  "waitretry",
  "progress",
  "secure-protocol",
  "user",
  "password",
  "output-file",
  "wait",
]);
const switches = new Set([
  "quiet",
  "verbose",
  "no-verbose",
  "continue",
  "timestamping",
  "server-response",
  "version",
  "help",
  "debug",
  "inet4-only",
  "inet6-only",
  "background",
  "no-check-certificate",
  "no-clobber",
  "spider",
  "show-progress",
  "content-disposition",
  "no-cache",
  "https-only",
  "retry-connrefused",
  "no-proxy",
  "force-directories",
  "no-directories",
  "no-host-directories",
]);

/** Reads a command line. Throws WgetUsage. */
export function parseWget(args: readonly string[]): WgetOptions {
  const options: WgetOptions = {
    urls: [],
    quiet: false,
    brief: false,
    output: undefined,
    prefix: "",
    resume: false,
    noClobber: false,
    timestamping: false,
    spider: false,
    insecure: false,
    authority: undefined,
    headers: [],
    method: "GET",
    body: undefined,
    timeout: undefined,
    tries: 20,
    retryRefused: false,
    serverResponse: false,
  };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    const next = (option: string): string => {
      index += 1;
      const value = args[index];
      if (value === undefined) throw new WgetUsage(`option requires an argument -- '${option}'`);
      return value;
    };
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const word = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const all = [...withValue, ...switches];
      const name = all.includes(word)
        ? word
        : all.filter((other) => other.startsWith(word)).length === 1
          ? all.find((other) => other.startsWith(word))
          : undefined;
      if (name === undefined) throw new WgetUsage(`unrecognized option '${equals < 0 ? arg : arg.slice(0, equals)}'`);
      apply(options, name, withValue.has(name) ? (equals < 0 ? next(word) : arg.slice(equals + 1)) : "");
    } else if (arg.startsWith("-n") && arg.length > 2) {
      for (const letter of arg.slice(2))
        apply(
          options,
          letter === "v"
            ? "no-verbose"
            : letter === "c"
              ? "no-clobber"
              : letter === "d"
                ? "no-directories"
                : "no-proxy",
          "",
        );
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let rest = arg.slice(1); rest !== "";) {
        const letter = rest.slice(0, 1);
        rest = rest.slice(1);
        const name = letters[letter];
        if (name === undefined) throw new WgetUsage(`invalid option -- '${letter}'`);
        if (!withValue.has(name)) apply(options, name, "");
        else {
          apply(options, name, rest === "" ? next(letter) : rest.replace(/^=/, ""));
          rest = "";
        }
      }
    } else options.urls.push(arg);
  }
  if (options.urls.length === 0) throw new WgetUsage("missing URL");
  return options;
}

function apply(options: WgetOptions, name: string, value: string): void {
  switch (name) {
    case "quiet":
      options.quiet = true;
      break;
    case "verbose":
      options.quiet = false;
      break;
    case "no-verbose":
      options.brief = true;
      break;
    case "output-document":
      options.output = value;
      break;
    case "directory-prefix":
      options.prefix = value.replace(/\/$/, "");
      break;
    case "continue":
      options.resume = true;
      break;
    case "no-clobber":
      options.noClobber = true;
      break;
    case "timestamping":
      options.timestamping = true;
      break;
    case "spider":
      options.spider = true;
      options.method = "HEAD";
      break;
    case "no-check-certificate":
      options.insecure = true;
      break;
    case "ca-certificate":
      options.authority = value;
      break;
    case "header":
      options.headers.push(value);
      break;
    case "user-agent":
      options.headers.push(`User-Agent: ${value}`);
      break;
    case "method":
      options.method = value;
      break;
    case "body-data":
      options.body = value;
      break;
    case "post-data":
      options.body = value;
      options.method = "POST";
      break;
    case "timeout":
    case "connect-timeout":
      options.timeout = Number(value);
      break;
    case "tries":
      options.tries = value === "inf" ? 1000 : Number(value) || 20;
      break;
    case "retry-connrefused":
      options.retryRefused = true;
      break;
    case "server-response":
      options.serverResponse = true;
      break;
    case "version":
    case "help":
      throw new WgetUsage(name);
    default:
      break;
  }
}
