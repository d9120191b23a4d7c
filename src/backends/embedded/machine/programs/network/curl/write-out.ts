import { portOf } from "../transfer/exchange.ts";

/** What `--write-out` can tell about one transfer. */
export interface TransferFacts {
  url: URL;
  status: number;
  received: number;
  redirects: number;
  redirectUrl: string;
  contentType: string;
  elapsed: number;
  address: string;
}

/** The template of `--write-out` filled in; unknown variables stay. */
export function writeOutText(template: string, facts: TransferFacts): string {
  const seconds = (facts.elapsed / 1000).toFixed(6);
  const values: Readonly<Record<string, string>> = {
    http_code: String(facts.status).padStart(3, "0"),
    response_code: String(facts.status).padStart(3, "0"),
    size_download: String(facts.received),
    num_redirects: String(facts.redirects),
    redirect_url: facts.redirectUrl,
    url_effective: facts.url.href,
    url: facts.url.href,
    content_type: facts.contentType,
    remote_ip: facts.address,
    remote_port: String(portOf(facts.url)),
    scheme: facts.url.protocol.slice(0, -1).toUpperCase(),
    time_total: seconds,
    time_connect: seconds,
    time_namelookup: seconds,
    time_starttransfer: seconds,
    speed_download: String(Math.round(facts.received / Math.max(0.001, facts.elapsed / 1000))),
    http_version: facts.url.protocol === "https:" ? "2" : "1.1",
    errormsg: "",
    exitcode: "0",
  };
  return template
    .replace(/\\([ntr])/g, (_, letter: string) => (letter === "n" ? "\n" : letter === "t" ? "\t" : "\r"))
    .replace(/%\{([a-z_]+)\}|%%/g, (whole, name: string | undefined) =>
      name === undefined ? "%" : (values[name] ?? whole),
    );
}
