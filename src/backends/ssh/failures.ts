import { exitCodes, LabError } from "../../domain/errors.ts";

/** What a message about a machine names. */
export interface Place {
  /** Name of the machine in the lab. */
  machine: string;
  /** Host name or address and port, as ssh resolves them. */
  host: string;
  port: string;
  user: string;
  /** The words of `ssh` that connect to it, for a person to type. */
  command: string;
  /** Reached through another computer, so that nothing else than ssh gets there. */
  jumps: boolean;
}

/** What ssh's own failure means. `said` is what it printed on standard error. */
export function failureOf(said: string, place: Place): LabError {
  const { machine, host, port, user, command, jumps } = place;
  const target = port === "22" ? host : `${host} port ${port}`;
  const known = port === "22" ? host : `[${host}]:${port}`;
  const last = lastLine(said);
  const error = (code: string, what: string, remedy: string): LabError =>
    new LabError(code, `${machine}: ${what}`, { remedy, exitCode: exitCodes.environmentFixable });
  const look = jumps ? "" : ` Its fingerprint: \`ssh-keyscan -p ${port} ${host} | ssh-keygen -lf -\`.`;

  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/.test(said)) {
    return error(
      "host-key-changed",
      `${target} shows another host key than the one you accepted: it was made anew, or somebody stands between`,
      `If you know why: \`ssh-keygen -R '${known}'\`, then \`${command}\` and compare the fingerprint before you accept.${look}`,
    );
  }
  if (/Host key verification failed|No \S+ host key is known/.test(said)) {
    return error(
      "host-key-unknown",
      `the host key of ${target} is not known to this computer`,
      `Connect once by \`${command}\`, compare the fingerprint, and accept it.${look}`,
    );
  }
  if (/UNPROTECTED PRIVATE KEY FILE|bad permissions/.test(said)) {
    const file = /Permissions \d+ for '([^']+)'/.exec(said)?.[1] ?? "FILE";
    return error(
      "ssh-key-permissions",
      `the key ${file} can be read by others, and ssh refuses it`,
      `chmod 600 ${file}`,
    );
  }
  if (/Bad configuration option|Bad owner or permissions on|Missing argument|Can't open user config/i.test(said)) {
    return error(
      "ssh-configuration",
      `ssh does not accept its configuration, got ${last}`,
      "Mend the file that it names.",
    );
  }
  if (/Permission denied \(|Too many authentication failures|No more authentication methods/.test(said)) {
    return error(
      "ssh-login-refused",
      `${target} refuses the login as ${user} by a key, got ${last}`,
      `Put your key there: \`ssh-copy-id -p ${port} ${user}@${host}\`; a key with a passphrase has to be in the agent: \`ssh-add\`.`,
    );
  }
  const [, why = ""] =
    /(Could not resolve hostname|Connection refused|timed out|No route to host|Network is unreachable|Connection reset|Connection closed|closed by remote host|Broken pipe|not responding)/i.exec(
      said,
    ) ?? [];
  const remedy: Readonly<Record<string, string>> = {
    "could not resolve hostname": "Check the name in the inventory, in your ssh configuration and in DNS.",
    "connection refused": `Start its SSH server (\`sudo systemctl start ssh\`), or mend the port in the inventory.`,
    "timed out": `Is it switched on, and do its address and the firewall let you through? Try \`${command}\`.`,
  };
  return error(
    "machine-unreachable",
    last === "" ? `the connection to ${target} was lost` : `${target} cannot be reached, got ${last}`,
    remedy[why.toLowerCase()] ?? `Try \`${command}\`, then run the command again.`,
  );
}

export const sshMissing = (): LabError =>
  new LabError("ssh-missing", "ssh: the program is not on this computer", {
    remedy: "Install OpenSSH's client (Ubuntu and Debian: `sudo apt-get install openssh-client`).",
  });

const lastLine = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(?:@|Shared connection|mux_client)/.test(line))
    .at(-1) ?? "";
