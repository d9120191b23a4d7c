import type { User } from "../../machine.ts";
import type { ProgramTable } from "../../process.ts";
import { quote } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

const userName = (run: Tool, uid: number): string => run.process.machine.users.byId(uid)?.name ?? String(uid);

const whoami = tool({ usage: "", about: "Prints the effective user's name.", options: "" }, async (run, options) => {
  const [extra] = options.operands;
  if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
  const { uid } = run.process.credentials;
  const user = run.process.machine.users.byId(uid);
  if (!user) return run.die(`cannot find name for user ID ${uid}`);
  run.print(`${user.name}\n`);
});

interface Identity {
  uid: number;
  gid: number;
  groups: readonly number[];
}

function identityOf(run: Tool, name: string | undefined): Identity | undefined {
  const { users } = run.process.machine;
  if (name === undefined) {
    const { uid, gid, groups } = run.process.credentials;
    return { uid, gid, groups };
  }
  const user: User | undefined = users.byName(name) ?? (/^\d+$/.test(name) ? users.byId(Number(name)) : undefined);
  if (!user) return undefined;
  return { uid: user.uid, gid: user.gid, groups: users.credentials(user.name)?.groups ?? [user.gid] };
}

const uniqueGroups = (identity: Identity): number[] => [...new Set([identity.gid, ...identity.groups])];

const id = tool(
  {
    usage: "[OPTION]... [USER]...",
    about: "Prints user and group identity.",
    options: "a Z,context g,group G,groups n,name r,real u,user z,zero",
  },
  async (run, options) => {
    const { users } = run.process.machine;
    const names: (string | undefined)[] = options.operands.length > 0 ? [...options.operands] : [undefined];
    const what = options.last("user", "group", "groups");
    if (["user", "group", "groups"].filter((one) => options.has(one)).length > 1) {
      return run.die('cannot print "only" of more than one choice');
    }
    if (options.has("name") && what === undefined)
      return run.die("cannot print only names or real IDs in default format");
    const groupText = (gid: number): string =>
      options.has("name") ? (users.groupName(gid) ?? String(gid)) : String(gid);
    for (const name of names) {
      const identity = identityOf(run, name);
      if (!identity) {
        await run.fail(`${quote(name ?? "")}: no such user`);
        continue;
      }
      if (what === "user") run.print(`${options.has("name") ? userName(run, identity.uid) : identity.uid}\n`);
      else if (what === "group") run.print(`${groupText(identity.gid)}\n`);
      else if (what === "groups") run.print(`${uniqueGroups(identity).map(groupText).join(" ")}\n`);
      else {
        const named = (value: number, text: string | undefined): string =>
          text === undefined ? String(value) : `${value}(${text})`;
        const groups = uniqueGroups(identity).map((gid) => named(gid, users.groupName(gid)));
        const uid = named(identity.uid, users.byId(identity.uid)?.name);
        run.print(`uid=${uid} gid=${named(identity.gid, users.groupName(identity.gid))} groups=${groups.join(",")}\n`);
      }
    }
  },
);

const groups = tool({ usage: "[USER]...", about: "Prints group names.", options: "" }, async (run, options) => {
  const { users } = run.process.machine;
  const names: (string | undefined)[] = options.operands.length > 0 ? [...options.operands] : [undefined];
  for (const name of names) {
    const identity = identityOf(run, name);
    if (!identity) {
      await run.fail(`${quote(name ?? "")}: no such user`);
      continue;
    }
    const list = uniqueGroups(identity).map((gid) => users.groupName(gid) ?? String(gid));
    run.print(`${name === undefined ? "" : `${name} : `}${list.join(" ")}\n`);
  }
});

/** Who has a process with a terminal. */
function loggedIn(run: Tool): string[] {
  const terminals = new Map<string, number>();
  for (const entry of run.process.machine.processes.list()) {
    if (entry.terminal !== undefined && !terminals.has(entry.terminal)) terminals.set(entry.terminal, entry.uid);
  }
  return [...terminals.values()].map((uid) => userName(run, uid)).sort();
}

const users = tool({ usage: "", about: "Prints who is logged in.", options: "" }, async (run) => {
  const names = loggedIn(run);
  if (names.length > 0) run.print(`${names.join(" ")}\n`);
});

const logname = tool({ usage: "", about: "Prints the login name.", options: "" }, async (run) => {
  if (!run.process.terminal) return run.die("no login name");
  const { env, credentials } = run.process;
  run.print(`${env["SUDO_USER"] ?? env["LOGNAME"] ?? userName(run, credentials.uid)}\n`);
});

const printenv = tool(
  { usage: "[VARIABLE]...", about: "Prints environment variables.", options: "0,null", usageStatus: 2, permute: false },
  async (run, options) => {
    const end = options.has("null") ? "\0" : "\n";
    const { env } = run.process;
    if (options.operands.length === 0) {
      for (const [name, value] of Object.entries(env)) run.print(`${name}=${value}${end}`);
    }
    for (const name of options.operands) {
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (value === undefined) run.status = 1;
      else run.print(`${value}${end}`);
    }
  },
);

export const accountPrograms: ProgramTable = { whoami, id, groups, users, logname, printenv };
