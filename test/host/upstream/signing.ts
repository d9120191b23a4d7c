import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cached } from "../cache.ts";
import { run } from "../run.ts";

export interface SigningKey {
  /** GnuPG's folder with the secret half, of this test alone. */
  home: string;
  /** File with the public half, ASCII-armored. */
  armored: string;
}

/** The key that signs what stands in for other people's repositories. */
export async function signingKey(): Promise<SigningKey> {
  const home = await cached("signing-key", "an OpenPGP key", async (folder) => {
    mkdirSync(folder, { mode: 0o700 });
    const options = ["--batch", "--homedir", folder, "--passphrase", ""];
    await run("gpg", [...options, "--quick-generate-key", "wasm-k8s-lab test:host", "ed25519", "sign", "never"]);
    await run("gpg", [...options, "--armor", "--output", join(folder, "public.asc"), "--export"]);
    await run("gpgconf", ["--homedir", folder, "--kill", "all"]);
  });
  return { home, armored: join(home, "public.asc") };
}

/** A Release file with its signature around it. */
export async function clearsigned(text: string): Promise<string> {
  const { home } = await signingKey();
  try {
    return await run("gpg", ["--batch", "--homedir", home, "--clearsign"], { stdin: text });
  } finally {
    await run("gpgconf", ["--homedir", home, "--kill", "all"]);
  }
}
