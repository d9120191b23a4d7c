import { decode } from "../../io.ts";
import type { Process } from "../../process.ts";
import { isArmored, parseKeys, parseSigned } from "../../system/packages/keys.ts";
import type { SigningKey } from "../../system/packages/keys.ts";
import { packagesListPath, readSources, releaseListPath, suiteUrl } from "../../system/packages/sources.ts";
import type { AptSource } from "../../system/packages/sources.ts";
import { aptFetch, aptSize } from "./apt-fetch.ts";
import { lockWords, withLock } from "./apt-locks.ts";

const insecure =
  "N: Updating from such a repository can't be done securely, and is therefore disabled by default.\nN: See apt-secure(8) manpage for repository creation and user configuration details.\n";

/** `apt-get update`: fetches the index of every source and keeps what it can trust. */
export async function aptUpdate(process: Process): Promise<number> {
  const { sources, error } = readSources(process.files);
  if (process.credentials.uid !== 0) {
    await process.out("Reading package lists... Done\n");
    await process.err(lockWords.listsDenied);
    return 100;
  }
  if (error !== undefined) {
    await process.err(error);
    return 100;
  }
  return withLock(process, "/var/lib/apt/lists/lock", lockWords.listsHeld, () => new Update(process).run(sources));
}

class Update {
  readonly #process: Process;
  #number = 0;
  #bytes = 0;
  #tail: string[] = [];
  #failed = false;
  #someMissing = false;

  constructor(process: Process) {
    this.#process = process;
  }

  async run(sources: readonly AptSource[]): Promise<number> {
    const started = this.#process.machine.environment.clock.now();
    const done = new Set<string>();
    for (const source of sources) {
      const key = `${suiteUrl(source)} ${source.components.join(" ")}`;
      if (done.has(key)) continue;
      done.add(key);
      await this.#fetchSource(source);
    }
    const seconds = Math.max(1, Math.round((this.#process.machine.environment.clock.now() - started) / 1000));
    if (this.#bytes > 0)
      await this.#process.out(`Fetched ${aptSize(this.#bytes)} in ${seconds}s (${aptSize(this.#bytes / seconds)}/s)\n`);
    await this.#process.out(
      this.#process.stdout.isTerminal ? "Reading package lists... Done\n" : "Reading package lists...\n",
    );
    if (this.#someMissing)
      this.#tail.push("W: Some index files failed to download. They have been ignored, or old ones used instead.\n");
    for (const line of this.#tail) await this.#process.err(line);
    return this.#failed ? 100 : 0;
  }

  async #say(kind: string, what: string, size?: number): Promise<void> {
    this.#number += 1;
    await this.#process.out(`${kind}:${this.#number} ${what}${size === undefined ? "" : ` [${aptSize(size)}]`}\n`);
  }

  async #fetchSource(source: AptSource): Promise<void> {
    const process = this.#process;
    const files = process.machine.rootFiles;
    await process.machine.environment.pacing.wait("progress", process.signal);
    const url = suiteUrl(source);
    const flat = source.suite.endsWith("/");
    const release = await aptFetch(process, `${url}/InRelease`);
    const base = release.url.replace(/\/InRelease$/, "").replace(/\/dists\/.*$/, "");
    const shown = (from: string, file: string): string =>
      `${from} ${flat ? "" : source.suite} ${file}`.replace("  ", "  ");
    if (!release.ok) {
      if (release.status === undefined) {
        await this.#say("Err", `${shown(source.uri, "InRelease")}\n  ${release.words}`);
        this.#tail.push(`W: Failed to fetch ${url}/InRelease  ${release.words}\n`);
        this.#someMissing = true;
        return;
      }
      await this.#say("Ign", shown(base, "InRelease"));
      await this.#say("Err", `${shown(base, "Release")}\n  ${release.words}`);
      const known = files.exists(releaseListPath(source));
      this.#tail.push(
        `E: The repository '${shown(source.uri, "Release")}' ${known ? "no longer has" : "does not have"} a Release file.\n`,
        insecure,
      );
      this.#failed = true;
      return;
    }
    const signed = parseSigned(decode(release.bytes));
    const complaint = signed ? this.#complaint(source, signed.key) : undefined;
    if (!signed || complaint !== undefined) {
      await this.#say(
        complaint === undefined ? "Ign" : "Err",
        `${shown(base, "InRelease")}${complaint === undefined ? "" : `\n  ${complaint}`}`,
      );
      if (complaint !== undefined) this.#tail.push(`W: GPG error: ${shown(base, "InRelease")}: ${complaint}\n`);
      this.#tail.push(`E: The repository '${shown(source.uri, "InRelease")}' is not signed.\n`, insecure);
      this.#failed = true;
      return;
    }
    const listPath = releaseListPath(source);
    const before = files.exists(listPath) ? files.readText(listPath) : undefined;
    const text = decode(release.bytes);
    const lists = (flat ? [undefined] : source.components).map((component) => ({
      component,
      path: packagesListPath(source, component),
      url: component === undefined ? `${url}/Packages` : `${url}/${component}/binary-amd64/Packages`,
    }));
    if (before === text && lists.every((list) => files.exists(list.path))) {
      await this.#say("Hit", shown(base, "InRelease"));
      return;
    }
    await this.#say("Get", shown(base, "InRelease"), release.bytes.length);
    this.#bytes += release.bytes.length;
    for (const list of lists) {
      const packages = await aptFetch(process, list.url);
      if (!packages.ok) {
        await this.#say("Ign", `${base} ${flat ? "" : `${source.suite}/${list.component ?? ""} amd64 `}Packages`);
        continue;
      }
      if (packages.bytes.length > 0)
        await this.#say(
          "Get",
          `${base} ${flat ? " " : `${source.suite}/${list.component ?? ""} amd64 `}Packages`,
          packages.bytes.length,
        );
      this.#bytes += packages.bytes.length;
      files.write(list.path, packages.bytes);
    }
    files.write(listPath, text);
  }

  /** Why a signature does not count; undefined when it does. */
  #complaint(source: AptSource, key: SigningKey): string | undefined {
    if (source.trusted) return undefined;
    const known = this.#trustedKeys(source).find((candidate) => candidate.id === key.id);
    if (!known)
      return `The following signatures couldn't be verified because the public key is not available: NO_PUBKEY ${key.id}`;
    if (known.expires !== undefined && known.expires < this.#process.machine.environment.clock.now()) {
      return `The following signatures were invalid: EXPKEYSIG ${key.id} ${known.user}`;
    }
    return undefined;
  }

  #trustedKeys(source: AptSource): SigningKey[] {
    const files = this.#process.machine.rootFiles;
    const paths = source.signedBy === undefined ? trustedKeyrings(this.#process) : source.signedBy.split(",");
    return paths.flatMap((path) => {
      if (!files.exists(path) || files.isDirectory(path)) return [];
      const bytes = files.readBytes(path);
      // apt goes by the ending: .gpg is binary, .asc is text.
      if (isArmored(bytes) === path.endsWith(".gpg")) {
        this.#tail.push(
          `W: ${source.uri}/: The key(s) in the keyring ${path} are ignored as the file has an unsupported filetype.\n`,
        );
        return [];
      }
      return parseKeys(bytes);
    });
  }
}

/** Files whose keys every source without `signed-by` trusts. */
export function trustedKeyrings(process: Process): string[] {
  const files = process.machine.rootFiles;
  const folder = "/etc/apt/trusted.gpg.d";
  const parts = files.isDirectory(folder) ? files.list(folder).filter((name) => /\.(gpg|asc)$/.test(name)) : [];
  return ["/etc/apt/trusted.gpg", ...parts.map((name) => `${folder}/${name}`)];
}
