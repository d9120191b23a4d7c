import { expect, test } from "vitest";
import { readComponents } from "../../../../src/content/versions.ts";
import { createInternet } from "../../../../src/backends/embedded/network/internet/create-internet.ts";
import type { Profile } from "../../../../src/domain/backend.ts";
import { memoryBlobs, realClock } from "../fakes/machine.ts";

const root = new URL("../../../../", import.meta.url);
const components = (profile: Profile) => readComponents(new URL("vm-images/catalog.yaml", root).pathname, profile);

/** The packages that a repository of the profile's internet lists, as `name version`. */
async function listed(profile: Profile, base: string): Promise<string[]> {
  const internet = createInternet({ profile, clock: realClock(), blobs: memoryBlobs() });
  const { host, pathname, protocol } = new URL(base);
  const server = internet.hostAt(internet.resolve(host) ?? "", protocol === "https:" ? 443 : 80);
  const answer = await server?.handle({
    method: "GET",
    target: `${pathname}Packages`,
    headers: {},
    host,
    secure: protocol === "https:",
    body: new Uint8Array(),
    signal: new AbortController().signal,
  });
  const text = answer?.body instanceof Uint8Array ? new TextDecoder().decode(answer.body) : "";
  return [...text.matchAll(/^Package: (.+)\n(?:.+\n)*?Version: (.+)$/gm)].map(
    ([, name, version]) => `${name} ${version}`,
  );
}

test("every package that the catalogue names for today is in the repositories of today", async () => {
  const { kubernetes, "cri-o": crio, crun, wasmedge, buildah } = components("current");
  for (const name of ["kubeadm", "kubelet", "kubectl"])
    expect(await listed("current", String(kubernetes?.["repository"]))).toContain(
      `${name} ${String(kubernetes?.["package"])}`,
    );
  expect(await listed("current", String(crio?.["repository"]))).toContain(`cri-o ${String(crio?.["version"])}-1.1`);
  const ubuntu = await listed("current", "http://archive.ubuntu.com/ubuntu/dists/noble/universe/binary-amd64/");
  for (const [name, component] of Object.entries({ crun, wasmedge, buildah }))
    expect(ubuntu).toContain(`${name} ${String(component?.["package"])}`);
  expect(await listed("thesis", String(crio?.["repository"]))).toEqual([]);
});
