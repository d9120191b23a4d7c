import type { UserInfo } from "../../../../src/backends/embedded/cluster/api.ts";
import type { ApiServer } from "../../../../src/backends/embedded/cluster/api-server/server.ts";

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: unknown;
}

const admin: UserInfo = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

/** Sends one request to a server and reads the answer, JSON where it is. */
export async function send(
  server: ApiServer,
  method: string,
  target: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  user: UserInfo = admin,
): Promise<Answer> {
  const [path = "/", search = ""] = target.split(/\?(.*)/s);
  const text = body === undefined || body === null ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const response = await server.handle({
    method,
    path,
    query: new URLSearchParams(search),
    headers,
    body: body instanceof Uint8Array ? body : Buffer.from(text),
    user,
    signal: new AbortController().signal,
  });
  const chunks: Uint8Array[] = [];
  if (response.body instanceof Uint8Array) chunks.push(response.body);
  else for await (const chunk of response.body) chunks.push(chunk);
  const answer = Buffer.concat(chunks).toString("utf8");
  return { status: response.status, headers: response.headers, body: parsed(answer) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
