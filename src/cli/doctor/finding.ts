export const backendIds = ["embedded", "multipass", "ssh"] as const;
export type BackendId = (typeof backendIds)[number];

/** `unknown`: it could not be found out, and may be in the way. */
export type Status = "ok" | "warn" | "fail" | "unknown";

/** What was found out about one thing. */
export interface Finding {
  /** Stable, kebab-case. */
  id: string;
  status: Status;
  detail: string;
  /** What to do; empty where nothing is to be done. */
  remedy: string;
  /** The backends that it matters to. */
  backends: readonly BackendId[];
  /** Only an administrator or other hardware helps. */
  needsOther: boolean;
}

interface Rest {
  backends?: readonly BackendId[];
  needsOther?: boolean;
}

/** Something that is as it should be; `detail` says how it is. */
export const ok = (id: string, detail: string, { backends = backendIds }: Rest = {}): Finding => ({
  id,
  status: "ok",
  detail,
  remedy: "",
  backends,
  needsOther: false,
});

/** Something that is not, as words `[detail, remedy]`. */
export const found = (
  status: Exclude<Status, "ok">,
  id: string,
  [detail, remedy]: readonly [string, string],
  { backends = backendIds, needsOther = false }: Rest = {},
): Finding => ({ id, status, detail, remedy, backends, needsOther });
