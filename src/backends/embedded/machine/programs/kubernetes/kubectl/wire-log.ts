import { STATUS_CODES } from "node:http";
import type { Clock } from "../../../../../../domain/clock.ts";
import type { Wire } from "../client/connection.ts";

/** Bodies are cut at these lengths, by verbosity; 10 and above shows everything. */
const bodyLimits: Readonly<Record<number, number>> = { 8: 1024, 9: 10_240 };

/** What kubectl prints of its requests from `-v=7` on. */
export function createWireLog(options: {
  print(place: string, text: string): Promise<void>;
  verbosity: number;
  /** Minor version of kubectl, which decides the form. */
  minor: number;
  /** The kubeconfig. */
  path: string;
  clock: Clock;
}): Wire {
  let begun = options.clock.monotonic();
  const { print, verbosity, minor } = options;
  const structured = minor >= 33;
  let isFirst = true;
  // What is asked for discovery, group by group, a real one asks at once or has in its cache.
  let isHidden = false;
  const header = (name: string): string => name.replaceAll(/(^|-)[a-z]/g, (part) => part.toUpperCase());
  const lines = (headers: Readonly<Record<string, string>>): string[] =>
    Object.keys(headers)
      .sort()
      .map((name) => `${header(name)}: ${headers[name] ?? ""}`);
  const showBody = async (what: "Request" | "Response", text: string): Promise<void> => {
    if (verbosity < 8 || text === "") return;
    const limit = bodyLimits[verbosity] ?? Number.POSITIVE_INFINITY;
    const cut = text.length > limit ? `${text.slice(0, limit)} [truncated ${text.length - limit} chars]` : text;
    if (structured) await print("helper.go:269", `"${what} Body" body=${JSON.stringify(cut)}`);
    else await print("request.go:1212", `${what} Body: ${cut}`);
  };
  return {
    async request(method, url, headers, body) {
      isHidden = /\/apis?(\/[^?]*)?\?timeout=/.test(url) || /\/openapi\/v[23]/.test(url);
      if (isFirst) {
        isFirst = false;
        await print(minor >= 32 ? "loader.go:402" : "loader.go:395", `Config loaded from file:  ${options.path}`);
      }
      begun = options.clock.monotonic();
      if (isHidden) return;
      if (body !== undefined) await showBody("Request", body);
      if (structured) {
        const shown = lines(headers).map((line) => `\t${line}\n`);
        return print("round_trippers.go:527", `"Request" verb="${method}" url="${url}" headers=<\n${shown.join("")} >`);
      }
      await print("round_trippers.go:463", `${method} ${url}`);
      await print("round_trippers.go:469", "Request Headers:");
      for (const line of lines(headers)) await print("round_trippers.go:473", `    ${line}`);
    },
    async response(status, headers) {
      if (isHidden) return;
      const took = Math.round(options.clock.monotonic() - begun);
      const words = `${status} ${STATUS_CODES[status] ?? ""}`;
      const shown = verbosity >= 8 ? lines(headers) : [];
      if (structured) {
        const block = shown.map((line) => `\t${line}\n`).join("");
        return print(
          "round_trippers.go:632",
          `"Response" status="${words}" headers=<\n${block} > milliseconds=${took}`,
        );
      }
      await print("round_trippers.go:574", `Response Status: ${words} in ${took} milliseconds`);
      if (verbosity < 8) return;
      await print("round_trippers.go:577", "Response Headers:");
      for (const line of shown) await print("round_trippers.go:580", `    ${line}`);
    },
    body: (text) => (isHidden ? Promise.resolve() : showBody("Response", text.trimEnd())),
  };
}
