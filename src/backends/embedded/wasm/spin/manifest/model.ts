/** An application's description, as spin.toml or a registry's locked application gives it. */
export interface SpinManifest {
  /** 1 or 2: the manifest's own version; a locked application counts as 2. */
  version: 1 | 2;
  name: string;
  /** Undefined when the manifest gives none. */
  applicationVersion: string | undefined;
  description: string | undefined;
  authors: readonly string[];
  /** In the order of the manifest. */
  triggers: readonly SpinTrigger[];
  components: readonly SpinComponent[];
}

export interface SpinTrigger {
  /** `http`; other types can be read but not served. */
  type: string;
  /** With a manifest of version 1, the application's base before it. */
  route: string;
  /** Id of the component. */
  component: string;
}

export interface SpinComponent {
  id: string;
  description: string | undefined;
  /** Where its module lies. */
  source: SpinSource;
  environment: Readonly<Record<string, string>>;
  /** Hosts to which the guest may open connections; here only kept, the lab lets no guest out. */
  allowedOutboundHosts: readonly string[];
  /** The manifest gives it files, which the lab's Spin does not mount. */
  wantsFiles: boolean;
  build: SpinBuild | undefined;
}

/** A file relative to the manifest's folder, an address, or the content's digest in a locked application. */
export type SpinSource =
  | { kind: "file"; path: string }
  | { kind: "url"; url: string; digest: string }
  | { kind: "digest"; digest: string };

export interface SpinBuild {
  /** Shell commands. */
  commands: readonly string[];
  /** Folder relative to the manifest's. */
  workdir: string | undefined;
}

/** Spin's words for a manifest it cannot use: the message, then the chain of causes. */
export class SpinManifestError extends Error {
  override readonly name = "SpinManifestError";
  readonly causes: readonly string[];
  constructor(message: string, causes: readonly string[] = []) {
    super(message);
    this.causes = causes;
  }
}
