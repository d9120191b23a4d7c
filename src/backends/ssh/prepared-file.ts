import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { writePrivateFile } from "../../remote/private-file.ts";

const schema = z.record(
  z.string(),
  z.object({
    /** Digest of the script that has run there. */
    script: z.string(),
    /** The computer, since it was last started. */
    identity: z.string(),
    /** What its /etc/hosts was last given. */
    hosts: z.string().optional(),
  }),
);
type Record = z.infer<typeof schema>[string];

/** What has been done on which machine, so that a later command need not look again. */
export class PreparedFile {
  #path: string;
  #machines: z.infer<typeof schema>;

  constructor(path: string) {
    this.#path = path;
    this.#machines = {};
    try {
      this.#machines = schema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch {
      // Without it, everything is looked at again.
    }
  }

  /** True when the script has run on this computer since it was started. */
  holds(name: string, script: string, identity: string): boolean {
    const { [name]: known } = this.#machines;
    return known?.script === digestOf(script) && known.identity === identity;
  }

  get names(): string[] {
    return Object.keys(this.#machines);
  }

  hostsOf(name: string): string | undefined {
    return this.#machines[name]?.hosts;
  }

  prepared(name: string, script: string, identity: string): void {
    this.#change(name, { script: digestOf(script), identity });
  }

  introduced(name: string, hosts: string): void {
    const { [name]: known } = this.#machines;
    if (known) this.#change(name, { ...known, hosts });
  }

  #change(name: string, record: Record): void {
    this.#machines = { ...this.#machines, [name]: record };
    writePrivateFile(this.#path, `${JSON.stringify(this.#machines, undefined, 2)}\n`);
  }
}

const digestOf = (script: string): string => createHash("sha256").update(script).digest("hex");
