import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { readPublicKeys } from "../../../src/offline/openpgp.ts";
import { temporaryFolder } from "./playing.ts";

const gpgIsHere = spawnSync("gpg", ["--version"]).status === 0;
if (!gpgIsHere) process.stderr.write("openpgp.test.ts: skips keys made by gpg, which is not on this computer\n");

/** gpg with a home of its own, at a day of its own. */
function gpgAt(day: string): (argv: readonly string[], asOf?: string) => Buffer {
  const home = temporaryFolder();
  chmodSync(home, 0o700);
  onTestFinished(() => void spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]));
  return (argv, asOf = day) =>
    execFileSync(
      "gpg",
      [
        "--homedir",
        home,
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--pinentry-mode",
        "loopback",
        "--faked-system-time",
        `${asOf}T000000!`,
        ...argv,
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
}

/** Key ids and expiry days as gpg itself reads them. */
const asGpgReads = (gpg: ReturnType<typeof gpgAt>) =>
  gpg(["--list-keys", "--with-colons", "--fixed-list-mode"])
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("pub:"))
    .map((line) => line.split(":"))
    .map((fields) => ({
      id: fields[4],
      created: Number(fields[5]) * 1000,
      ...(fields[6] ? { expires: Number(fields[6]) * 1000 } : {}),
    }));

test.skipIf(!gpgIsHere)("keys are read as gpg reads them, armored or not, renewed and with subkeys", () => {
  const gpg = gpgAt("20240101");
  gpg(["--quick-generate-key", "Elliptic <e@example.org>", "ed25519", "sign", "2026-12-29"]);
  gpg(["--quick-generate-key", "Old <r@example.org>", "rsa2048", "sign", "1y"]);
  gpg(["--quick-generate-key", "For ever <f@example.org>", "ed25519", "sign", "never"]);
  const fingerprint =
    /^fpr:+([0-9A-F]+):/m.exec(gpg(["--list-keys", "--with-colons", "e@example.org"]).toString())?.[1] ?? "";
  // A subkey's own day must not count, and a renewal takes the place of the first promise.
  gpg(["--quick-add-key", fingerprint, "cv25519", "encr", "1m"]);
  gpg(["--quick-set-expire", fingerprint, "2027-06-01"], "20240301");
  const expected = asGpgReads(gpg);
  expect(expected).toHaveLength(3);
  expect(readPublicKeys(gpg(["--export"]))).toEqual(expected);
  expect(readPublicKeys(gpg(["--armor", "--export"]))).toEqual(expected);
  expect(expected.map((key) => "expires" in key)).toEqual([true, true, false]);
});

test("what is no key is none, whatever it is", () => {
  expect(readPublicKeys(Buffer.from("<html>404</html>"))).toEqual([]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readPublicKeys(bytes);
      readPublicKeys(
        Buffer.from(
          `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${Buffer.from(bytes).toString("base64")}\n-----END PGP PUBLIC KEY BLOCK-----`,
        ),
      );
      // A public key packet, then anything.
      readPublicKeys(Buffer.concat([Buffer.from([0x98, 8, 4, 0, 0, 0, 1, 1, 0, 0, 0x88]), bytes]));
    }),
  );
});
