import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { networkPrograms } from "../../../../src/backends/embedded/machine/programs/network/index.ts";
import { armored, keyring } from "../../../../src/backends/embedded/machine/system/packages/keys.ts";
import type { Lab } from "../internet/lab.ts";
import { createLab } from "../internet/lab.ts";

const key = { id: "234654DA9A296436", user: "isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>" };

describe("gpg", () => {
  test("--dearmor gives the binary form, from a file or a pipe", async () => {
    const lab = createLab(networkPrograms, { gpg: "2.2.19" });
    lab.machine.rootFiles.write("/root/Release.key", armored([key]));
    expect(await lab.run(["gpg", "--dearmor", "-o", "ring.gpg", "Release.key"])).toEqual({ code: 0, out: "", err: "" });
    expect(lab.machine.rootFiles.readBytes("/root/ring.gpg")).toEqual(keyring([key]));
    await lab.run(["gpg", "--dearmor", "-o", "/root/two.gpg"], { stdin: armored([key]) });
    expect(lab.machine.rootFiles.readBytes("/root/two.gpg")).toEqual(keyring([key]));
  });

  test("what is no key is refused", async () => {
    const lab = createLab(networkPrograms);
    expect(await lab.run(["gpg", "--dearmor"], { stdin: "<html>" })).toMatchObject({
      code: 2,
      err: "gpg: no valid OpenPGP data found.\n",
    });
    expect((await lab.run(["gpg", "--import"], { stdin: "" })).code).toBe(2);
  });

  test("--import keeps a key once", async () => {
    const lab = createLab(networkPrograms);
    const first = await lab.run(["gpg", "--import"], { stdin: armored([key]) });
    expect(first.err).toContain(`gpg: key ${key.id}: public key "${key.user}" imported\n`);
    expect((await lab.run(["gpg", "--import"], { stdin: armored([key]) })).err).toContain("not changed");
    expect((await lab.run(["gpg", "--list-keys"])).out).toContain(key.id);
  });
});

const installed = (() => {
  try {
    return execFileSync("openssl", ["version"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
})();

// Without openssl on this computer there is nothing to compare with, and the run says so.
describe.skipIf(installed === undefined)(`openssl beside ${installed ?? "(not installed)"}`, () => {
  let folder = "";
  const kinds = { rsa: "rsa", ec: "ec" } as const;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "openssl-"));
    for (const kind of Object.keys(kinds)) {
      const options = kind === "rsa" ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
      execFileSync(
        "openssl",
        [
          "req",
          "-x509",
          "-nodes",
          "-newkey",
          ...options,
          "-subj",
          "/O=haw/CN=kubernetes",
          "-days",
          "10",
          "-keyout",
          join(folder, `${kind}.key`),
          "-out",
          join(folder, `${kind}.crt`),
        ],
        { stdio: "ignore" },
      );
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function labWithKeys(): Lab {
    const lab = createLab(networkPrograms, { openssl: "1.1.1f  31 Mar 2020" });
    for (const kind of Object.keys(kinds)) {
      for (const end of ["key", "crt"])
        lab.machine.rootFiles.write(`/root/${kind}.${end}`, readFileSync(join(folder, `${kind}.${end}`)));
    }
    return lab;
  }

  test.each([
    ["x509", "-in", "rsa.crt", "-noout", "-pubkey"],
    ["x509", "-in", "ec.crt", "-noout", "-enddate"],
    ["x509", "-in", "rsa.crt", "-noout", "-dates"],
    ["x509", "-in", "rsa.crt"],
    ["x509", "-in", "ec.crt", "-noout", "-serial"],
    ["dgst", "-sha256", "-r", "rsa.crt"],
    ["dgst", "-sha256", "-hex", "-r", "ec.crt"],
    ["pkey", "-in", "ec.key", "-pubout"],
  ])("openssl %s %s %s %s %s", async (...args) => {
    const expected = execFileSync("openssl", args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect((await labWithKeys().run(["openssl", ...args])).out).toBe(expected);
  });

  test.each(["rsa", "ec"] as const)(
    "the hash of an %s authority's key, as kubeadm's documentation takes it",
    async (kind) => {
      const expected = execFileSync(
        "sh",
        [
          "-c",
          `openssl x509 -pubkey -in ${kind}.crt | openssl pkey -pubin -outform der 2>/dev/null | openssl dgst -sha256 -hex | sed 's/^.* //'`,
        ],
        { cwd: folder, encoding: "utf8" },
      ).trim();
      const lab = labWithKeys();
      const { out } = await lab.run(["openssl", "x509", "-pubkey", "-in", `${kind}.crt`]);
      lab.machine.rootFiles.write("/root/both.pem", out);
      await lab.run(["openssl", kind, "-pubin", "-in", "both.pem", "-outform", "der", "-out", "key.der"]);
      expect((await lab.run(["openssl", "dgst", "-sha256", "-hex", "key.der"])).out).toBe(
        `SHA256(key.der)= ${expected}\n`,
      );
    },
  );
});

test("openssl refuses what it cannot read", async () => {
  const lab = createLab(networkPrograms);
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  lab.machine.rootFiles.write("/root/pub.pem", publicKey.export({ type: "spki", format: "pem" }));
  expect(await lab.run(["openssl", "x509", "-in", "none"])).toMatchObject({
    code: 1,
    err: "Can't open none for reading, No such file or directory\nunable to load certificate\n",
  });
  expect((await lab.run(["openssl", "x509", "-in", "pub.pem"])).err).toContain("unable to load certificate");
  expect((await lab.run(["openssl", "rsa", "-pubin", "-in", "none"])).code).toBe(1);
  // Simplified: kubeadm's documented pipeline says rsa, whatever the key.
  expect((await lab.run(["openssl", "rsa", "-pubin", "-in", "pub.pem"])).code).toBe(0);
});

describe("probes", () => {
  test("nc tells open from closed", async () => {
    const lab = createLab(networkPrograms);
    lab.network.listen({ machine: "master" }, 6443, { process: "api", accept: () => undefined });
    expect(await lab.run(["nc", "-zv", "10.0.0.182", "6443"])).toMatchObject({
      code: 0,
      err: "Connection to 10.0.0.182 6443 port [tcp/*] succeeded!\n",
    });
    expect(await lab.run(["nc", "-zv", "10.0.0.182", "6444"])).toMatchObject({
      code: 1,
      err: "nc: connect to 10.0.0.182 port 6444 (tcp) failed: Connection refused\n",
    });
  });

  test("names", async () => {
    const lab = createLab(networkPrograms);
    expect((await lab.run(["host", "github.com"])).out).toBe("github.com has address 140.82.121.4\n");
    expect((await lab.run(["dig", "+short", "github.com"])).out).toBe("140.82.121.4\n");
    expect(await lab.run(["host", "nowhere.lab"])).toMatchObject({
      code: 1,
      out: "Host nowhere.lab not found: 3(NXDOMAIN)\n",
    });
    expect((await lab.run(["ping", "-c", "1", "10.0.0.182"])).out).toContain(
      "1 packets transmitted, 1 received, 0% packet loss",
    );
    expect(await lab.run(["ping", "-c", "1", "nowhere.lab"])).toMatchObject({
      code: 2,
      err: "ping: nowhere.lab: Name or service not known\n",
    });
  });
});
