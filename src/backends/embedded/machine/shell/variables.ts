import { ShellFailure } from "./failures.ts";

export interface Variable {
  kind: "scalar" | "indexed" | "associative";
  /** Undefined when declared without a value. */
  value: string | undefined;
  /** Elements of an array, by index in decimal or by key. */
  items: Map<string, string>;
  exported: boolean;
  readonly: boolean;
  integer: boolean;
  lower: boolean;
  upper: boolean;
  reference: boolean;
}

export type SavedVariable = Partial<Omit<Variable, "items">> & { name: string; items?: [string, string][] };

/** Computed and special variables. */
interface Special {
  get(): string | undefined;
  set?(value: string): void;
  items?(): Map<string, string>;
}

/** A string longer than this would take the lab's memory with it. */
const maxLength = 1 << 26;

const scalar = (value?: string): Variable => ({
  kind: "scalar",
  value,
  items: new Map(),
  exported: false,
  readonly: false,
  integer: false,
  lower: false,
  upper: false,
  reference: false,
});

const copy = (variable: Variable): Variable => ({ ...variable, items: new Map(variable.items) });

/** The variables of a shell, with the dynamic scopes of its functions. */
export class Variables {
  #all = new Map<string, Variable>();
  #frames: Map<string, Variable | undefined>[] = [];
  readonly special = new Map<string, Special>();
  /** Evaluates arithmetic, for variables with the integer attribute. */
  evaluate: (expression: string) => string = (expression) => expression;

  clone(): Variables {
    const result = new Variables();
    for (const [name, variable] of this.#all) result.#all.set(name, copy(variable));
    result.#frames = this.#frames.map(
      (frame) => new Map([...frame].map(([name, variable]) => [name, variable && copy(variable)])),
    );
    return result;
  }

  get depth(): number {
    return this.#frames.length;
  }

  pushFrame(): void {
    this.#frames.push(new Map());
  }

  popFrame(): void {
    for (const [name, variable] of this.#frames.pop() ?? []) {
      if (variable) this.#all.set(name, variable);
      else this.#all.delete(name);
    }
  }

  /** Makes `name` local to the running function. */
  makeLocal(name: string, keepValue = false): Variable {
    const frame = this.#frames.at(-1);
    const outer = this.#all.get(name);
    if (!frame || frame.has(name)) return this.ensure(name);
    if (outer?.readonly) throw new ShellFailure(`${name}: readonly variable`);
    frame.set(name, outer);
    const variable = keepValue && outer ? copy(outer) : scalar();
    if (outer?.exported) variable.exported = true;
    this.#all.set(name, variable);
    return variable;
  }

  /** Follows `declare -n`. */
  target(name: string): string {
    for (let hops = 0; hops < 8; hops += 1) {
      const variable = this.#all.get(name);
      if (!variable?.reference || variable.value === undefined || variable.value === "") return name;
      name = variable.value;
    }
    return name;
  }

  find(name: string): Variable | undefined {
    return this.#all.get(this.target(name));
  }

  raw(name: string): Variable | undefined {
    return this.#all.get(name);
  }

  ensure(name: string): Variable {
    let variable = this.#all.get(name);
    if (!variable) this.#all.set(name, (variable = scalar()));
    return variable;
  }

  names(): string[] {
    return [...new Set([...this.#all.keys(), ...this.special.keys()])].sort();
  }

  get(name: string): string | undefined {
    const special = this.special.get(name);
    if (special) return special.get();
    const target = this.target(name);
    const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(target);
    if (element?.[1] && element[2]) return this.find(element[1])?.items.get(element[2]);
    const variable = this.#all.get(target);
    if (!variable) return undefined;
    return variable.kind === "scalar" ? variable.value : variable.items.get("0");
  }

  /** Elements in order; a scalar is an array of one. */
  items(name: string): Map<string, string> {
    const special = this.special.get(name);
    if (special?.items) return special.items();
    const variable = this.find(name);
    if (!variable || variable.kind === "scalar") {
      const value = this.get(name);
      return value === undefined ? new Map() : new Map([["0", value]]);
    }
    if (variable.kind === "associative") return variable.items;
    return new Map([...variable.items].sort(([a], [b]) => Number(a) - Number(b)));
  }

  set(name: string, value: string, append = false): void {
    const special = this.special.get(name);
    if (special) {
      special.set?.(value);
      return;
    }
    const target = this.target(name);
    const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(target);
    if (element?.[1] && element[2]) return this.setElement(element[1], element[2], value, append);
    const variable = this.#writable(target);
    if (variable.kind !== "scalar") return this.setElement(target, "0", value, append);
    variable.value = this.#converted(variable, variable.value, value, append);
  }

  setElement(name: string, key: string, value: string, append = false): void {
    const variable = this.#writable(this.target(name));
    this.#toArray(variable);
    if (variable.kind === "indexed" && key.startsWith("-")) {
      const last = Math.max(-1, ...[...variable.items.keys()].map(Number));
      const index = last + 1 + Number(key);
      if (index < 0) throw new ShellFailure(`${name}[${key}]: bad array subscript`);
      key = String(index);
    }
    variable.items.set(key, this.#converted(variable, variable.items.get(key), value, append));
  }

  /** Replaces (or with `append` extends) all elements; entries without key follow the one before. */
  setItems(name: string, entries: readonly { key?: string; value: string; append?: boolean }[], append: boolean): void {
    const variable = this.#writable(this.target(name));
    this.#toArray(variable);
    if (!append) {
      variable.items = new Map();
      variable.value = undefined;
    }
    let index = append ? Math.max(-1, ...[...variable.items.keys()].map(Number)) + 1 : 0;
    for (const entry of entries) {
      const key = entry.key ?? String(index);
      variable.items.set(key, this.#converted(variable, variable.items.get(key), entry.value, entry.append ?? false));
      if (variable.kind === "indexed") index = Number(key) + 1;
    }
  }

  makeArray(name: string, kind: "indexed" | "associative"): void {
    const variable = this.ensure(name);
    if (variable.kind === kind) return;
    if (variable.kind !== "scalar") {
      const [from, to] = kind === "associative" ? ["indexed", "associative"] : ["associative", "indexed"];
      throw new ShellFailure(`${name}: cannot convert ${from} to ${to} array`);
    }
    variable.kind = kind;
    if (variable.value !== undefined) variable.items.set("0", variable.value);
    variable.value = undefined;
  }

  unset(name: string, key?: string): void {
    const target = this.target(name);
    const variable = this.#all.get(target);
    if (variable?.readonly) throw new ShellFailure(`${name}: cannot unset: readonly variable`);
    if (key === undefined || (variable?.kind === "scalar" && key === "0")) {
      this.#all.delete(target);
      this.special.delete(target);
    } else if (variable && key.startsWith("-") && variable.kind === "indexed") {
      variable.items.delete(String(Math.max(-1, ...[...variable.items.keys()].map(Number)) + 1 + Number(key)));
    } else variable?.items.delete(key);
  }

  /** What a child process gets. */
  environment(): Record<string, string> {
    const result: Record<string, string> = {};
    for (const [name, variable] of this.#all) {
      if (!variable.exported || variable.kind !== "scalar" || variable.value === undefined) continue;
      result[name] = variable.value;
    }
    return result;
  }

  save(): SavedVariable[] {
    return [...this.#all].map(([name, variable]) => {
      const saved: SavedVariable = { name, kind: variable.kind };
      if (variable.value !== undefined) saved.value = variable.value;
      if (variable.items.size > 0) saved.items = [...variable.items];
      for (const flag of ["exported", "readonly", "integer", "lower", "upper", "reference"] as const) {
        if (variable[flag]) saved[flag] = true;
      }
      return saved;
    });
  }

  restore(saved: readonly SavedVariable[]): void {
    this.#all.clear();
    for (const { name, items, ...rest } of saved) {
      this.#all.set(name, { ...scalar(), ...rest, items: new Map(items ?? []) });
    }
  }

  #writable(name: string): Variable {
    const variable = this.ensure(name);
    if (variable.readonly) throw new ShellFailure(`${name}: readonly variable`);
    return variable;
  }

  #toArray(variable: Variable): void {
    if (variable.kind !== "scalar") return;
    variable.kind = "indexed";
    if (variable.value !== undefined) variable.items.set("0", variable.value);
    variable.value = undefined;
  }

  #converted(variable: Variable, old: string | undefined, value: string, append: boolean): string {
    let result = value;
    if (variable.integer) result = this.evaluate(append ? `(${old ?? 0})+(${value})` : value);
    else if (append) result = (old ?? "") + value;
    if (variable.lower) result = result.toLowerCase();
    if (variable.upper) result = result.toUpperCase();
    if (result.length > maxLength)
      throw new ShellFailure("xrealloc: cannot allocate memory", { exitCode: 2, ends: "shell" });
    return result;
  }
}
