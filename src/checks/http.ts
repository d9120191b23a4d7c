import type { CheckKind, CheckContext } from "../domain/check.ts";
import { excerpt, failed, passed } from "./outcomes.ts";
import { number, optional, paramsOf, pattern, text } from "./params.ts";
import { kubectl, typed } from "./wrong-answers.ts";
import { wordsFor } from "./words/words.ts";

const parse = paramsOf({
  /** Where curl runs: a machine, or `host` for this computer. */
  from: text,
  /** For a machine; `{{address worker1}}` is not needed: name the machine as host, e.g. http://worker1:31001. */
  url: optional(text),
  /** For `host`: a node port of the cluster. */
  nodePort: optional(number),
  status: optional(number),
  /** Must match the body. */
  body: optional(pattern),
  cause: text,
  next: text,
});

interface Answer {
  exitCode: number;
  status: number;
  body: string;
  error: string;
}

/** An HTTP request is answered as it should. */
export const http: CheckKind<ReturnType<typeof parse>> = {
  kind: "http",
  failures: ["http-unreachable", "http-status", "http-body"],
  parse,
  wrongAnswers({ url, nodePort }) {
    const port = nodePort ?? Number(/:(3[0-2][0-9]{3})\b/.exec(url ?? "")?.[1]);
    if (Number.isNaN(port)) return [];
    const names = `$(${kubectl} get service -A -o jsonpath='{range .items[?(@.spec.ports[0].nodePort==${port})]}{.metadata.namespace} {.metadata.name}{end}')`;
    const on = `set -- ${names}; ${kubectl} -n $1`;
    return [
      typed("service-deleted", "http-unreachable", "master", `${on} delete service $2`),
      typed(
        "nobody-behind",
        "http-unreachable",
        "master",
        `${on} patch service $2 -p '{"spec":{"selector":{"app":"nobody"}}}'`,
      ),
      typed("cluster-only", "http-unreachable", "master", `${on} patch service $2 -p '{"spec":{"type":"ClusterIP"}}'`),
    ];
  },
  async run(params, context) {
    const { cause, next } = params;
    const { http: words, nothing } = wordsFor(context.language);
    const url = params.from === "host" ? await hostUrl(params.nodePort ?? 0, context) : (params.url ?? "");
    const answer = params.from === "host" ? await ask(url, context.signal) : await curl(params.from, url, context);
    const status = params.status ?? 200;
    const expected = params.body ? words.answerLike(url, params.body.source) : words.gives(url, status);
    if (answer.exitCode !== 0) {
      return failed("http-unreachable", { observed: excerpt(answer.error, nothing), expected, cause, next });
    }
    const body = excerpt(answer.body, nothing);
    if (answer.status !== status) {
      const observed = words.answeredWith(url, answer.status, body);
      return failed("http-status", { observed, expected, cause, next });
    }
    if (params.body && !params.body.test(answer.body)) {
      return failed("http-body", { observed: words.answered(url, body), expected, cause, next });
    }
    return passed;
  },
};

async function hostUrl(nodePort: number, context: CheckContext): Promise<string> {
  const target = (await context.host()).nodePorts[nodePort];
  return `http://${target?.address ?? "127.0.0.1"}:${target?.port ?? nodePort}/`;
}

async function curl(from: string, url: string, context: CheckContext): Promise<Answer> {
  const machine = await context.machine(from);
  const argv = ["curl", "-sS", "--max-time", "5", "-w", "\n%{http_code}", url];
  const result = await machine.exec(argv, { signal: context.signal });
  const at = result.stdout.lastIndexOf("\n");
  return {
    exitCode: result.exitCode,
    status: Number(result.stdout.slice(at + 1)),
    body: result.stdout.slice(0, Math.max(0, at)),
    error: wordsFor(context.language).http.curlOn(from, result.stderr),
  };
}

async function ask(url: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    return { exitCode: 0, status: response.status, body: await response.text(), error: "" };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
    return { exitCode: 7, status: 0, body: "", error: `${url}: ${reason}` };
  }
}
