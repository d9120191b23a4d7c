import { describe, expect, it } from "vitest";
import { cniBridges, ensureBridge, removeBridge } from "../../../../src/backends/embedded/machine/system/bridges.ts";
import {
  addRoute,
  nextHop,
  parseDestination,
  removeRoute,
} from "../../../../src/backends/embedded/machine/system/routes.ts";
import { NetworkError } from "../../../../src/backends/embedded/network/network.ts";
import { answering, labOfThree, textOf } from "./lab.ts";

const master = { machine: "master" };
const route = { network: "10.22.1.0", prefix: 24, via: "10.0.0.177" };

/** A pod on worker1 that says hello, and one on master that has a bridge of the range `prefix`. */
function podsOnTwo(prefix: number) {
  const lab = labOfThree();
  ensureBridge(lab.machine("worker1"), { name: "cni0", address: "10.22.1.1", prefix: 24 });
  ensureBridge(lab.machine("master"), { name: "cni0", address: "10.22.0.1", prefix });
  lab.network.attachPod("worker1", "10.22.1.2");
  lab.network.listen({ machine: "worker1", pod: "10.22.1.2" }, 1234, { process: "pod", handle: answering("hello") });
  lab.network.attachPod("master", "10.22.0.2");
  const ask = async (from: { machine: string; pod?: string } = master): Promise<string> => {
    try {
      return await textOf(await lab.network.fetch(from, "http://10.22.1.2:1234/"));
    } catch (error) {
      return error instanceof NetworkError ? error.code : String(error);
    }
  };
  return { ...lab, ask };
}

describe("routes to other machines' pods", () => {
  it("lead there, and without one the packet is lost", async () => {
    const { ask, machine } = podsOnTwo(24);
    expect(await ask()).toBe("ETIMEDOUT");
    expect(addRoute(machine("master"), route)).toBe(true);
    expect(addRoute(machine("master"), route)).toBe(false);
    expect(await ask()).toBe("hello");
    expect(await ask({ machine: "master", pod: "10.22.0.2" })).toBe("hello");
    expect(removeRoute(machine("master"), route)).toBe(true);
    expect(removeRoute(machine("master"), route)).toBe(false);
    expect(await ask()).toBe("ETIMEDOUT");
  });

  it("win over the bridge's wider range for the machine, but its pods ask their neighbours", async () => {
    const { ask, machine } = podsOnTwo(16);
    addRoute(machine("master"), route);
    expect(await ask()).toBe("hello");
    expect(await ask({ machine: "master", pod: "10.22.0.2" })).toBe("ETIMEDOUT");
  });

  it("need a next machine that forwards", async () => {
    const { ask, machine, forward } = podsOnTwo(24);
    addRoute(machine("master"), route);
    forward("0");
    expect(await ask()).toBe("ETIMEDOUT");
  });

  it("choose the longest prefix", () => {
    const { machine } = podsOnTwo(16);
    const from = machine("master");
    addRoute(from, { network: "10.22.0.0", prefix: 16, via: "10.0.0.150" });
    addRoute(from, route);
    expect(nextHop(from, "10.22.1.7")).toEqual({ kind: "via", address: "10.0.0.177" });
    expect(nextHop(from, "10.22.2.7")).toEqual({ kind: "connected", device: "cni0" });
    expect(nextHop(from, "10.23.0.1")).toBeUndefined();
  });

  it("are to networks or single addresses", () => {
    expect(parseDestination("10.22.1.0/24")).toEqual({ network: "10.22.1.0", prefix: 24 });
    expect(parseDestination("10.22.1.7")).toEqual({ network: "10.22.1.7", prefix: 32 });
    for (const wrong of ["10.22.1.7/24", "10.22.1/24", "10.22.1.0/33", "pods", ""]) {
      expect(parseDestination(wrong)).toBeUndefined();
    }
  });
});

describe("a bridge", () => {
  it("keeps its address until it is taken away, and its pods are cut off then", async () => {
    const { ask, machine } = podsOnTwo(24);
    const worker = machine("worker1");
    addRoute(machine("master"), route);
    const other = { name: "cni0", address: "10.22.7.1", prefix: 24 };
    expect(ensureBridge(worker, other).address).toBe("10.22.1.1");
    expect(removeBridge(worker, "cni0")).toBe(true);
    expect(removeBridge(worker, "cni0")).toBe(false);
    expect(await ask()).toBe("ETIMEDOUT");
    expect(ensureBridge(worker, other)).toEqual(other);
    expect(cniBridges(worker)).toEqual([other]);
  });
});
