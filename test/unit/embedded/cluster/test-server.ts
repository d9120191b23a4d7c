import { createServerClient } from "../../../../src/backends/embedded/cluster/clients/index.ts";
import type { ApiClient } from "../../../../src/backends/embedded/cluster/api.ts";
import { bootstrapCluster } from "../../../../src/backends/embedded/cluster/api-server/bootstrap.ts";
import { ApiServer } from "../../../../src/backends/embedded/cluster/api-server/server.ts";
import { serverVersion } from "../../../../src/backends/embedded/cluster/api-server/version.ts";
import { ObjectStore } from "../../../../src/backends/embedded/cluster/store/store.ts";
import type { Clock, Random } from "../../../../src/domain/clock.ts";

/** Real time, as kubectl compares ages with its own clock. */
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The same sequence for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

export interface TestServer {
  server: ApiServer;
  store: ObjectStore;
  client: ApiClient;
}

/** A bootstrapped API server over a store in memory, with the service account that pods need. */
export async function testServer(version = "v1.28.2"): Promise<TestServer> {
  const store = new ObjectStore();
  const server = new ApiServer({
    clock,
    random: seededRandom(7),
    store: () => store,
    serviceRange: "10.96.0.0/12",
    nodePorts: [30_000, 32_767],
    version: serverVersion(version),
    address: "10.0.0.182:6443",
  });
  bootstrapCluster(server, { address: "10.0.0.182", port: 6443, serviceAddress: "10.96.0.1" });
  const client = createServerClient(() => server, { name: "test", groups: ["system:masters"] });
  await client.create(
    { apiVersion: "v1", resource: "serviceaccounts", namespace: "default" },
    { metadata: { name: "default" } },
  );
  return { server, store, client };
}
