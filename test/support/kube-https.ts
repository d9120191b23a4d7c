import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

interface KubeObjectLike {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

export interface KubeAnswer {
  status: number;
  body: KubeObjectLike & { items?: KubeObjectLike[]; message?: string };
}

/** Plain HTTPS with the certificates of a kubeconfig: no library stands between a test and the API. */
export class KubeHttps {
  #agent: Agent;
  #port: number;

  constructor(kubeconfig: string) {
    const text = readFileSync(kubeconfig, "utf8");
    const field = (name: string): string => {
      const value = new RegExp(`^ *${name}: *(\\S+)$`, "m").exec(text)?.[1];
      if (value === undefined) throw new Error(`${kubeconfig}: no ${name}`);
      return value;
    };
    const pem = (name: string): string => Buffer.from(field(name), "base64").toString();
    this.#port = Number(new URL(field("server")).port);
    this.#agent = new Agent({
      keepAlive: true,
      ca: pem("certificate-authority-data"),
      cert: pem("client-certificate-data"),
      key: pem("client-key-data"),
      servername: "kubernetes",
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Rejects when the connection breaks before the whole answer is there. */
  send(method: string, path: string, body?: object, contentType = "application/json"): Promise<KubeAnswer> {
    const payload = body === undefined ? "" : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: this.#port,
          agent: this.#agent,
          method,
          path,
          headers: payload === "" ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(payload) },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => (text += chunk));
          response.once("error", reject);
          response.once("aborted", () => reject(new Error("aborted")));
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as KubeAnswer["body"] }),
          );
        },
      );
      sent.once("error", reject);
      sent.end(payload);
    });
  }

  /** Objects of a list; throws when the API says no. */
  async list(path: string): Promise<{ revision: number; items: KubeObjectLike[] }> {
    const { status, body } = await this.send("GET", path);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.message ?? ""}`);
    return { revision: Number(body.metadata.resourceVersion), items: body.items ?? [] };
  }
}
