/**
 * A typed client of the Multipass command line, for Multipass 1.13 to 1.17 on Linux, macOS and Windows.
 *
 * ```ts
 * const multipass = openMultipass();
 * const { cloudInit } = await multipass.launch(
 *   { name: "web", image: "24.04", cpus: 2, memory: "2G", disk: "10G", cloudInit: "#cloud-config\npackages: [nginx]\n" },
 *   { onProgress: ({ stage, percent }) => console.log(stage, percent ?? "") },
 * );
 * const { exitCode, stdout } = await multipass.exec("web", ["systemctl", "is-active", "nginx"]);
 * await multipass.writeFile("web", "notes.txt", "...");
 * await multipass.delete("web");
 * ```
 *
 * What it takes off its user:
 *
 * - **Versions.** What the executable can do is read from its help, once (`features`); hidden options are tried.
 *   Executables before 1.13 are refused with `unsupported-version`. The JSON of each version is read exactly, in any
 *   order of keys; states that it does not know are `Unknown`.
 * - **Failures.** Everything rejects with `MultipassError`: a permanent `code` for each case over the words of all
 *   versions, the exit code, and what was printed. An aborted signal rejects with its reason.
 * - **`launch` that lies.** It may give up while the instance goes on, or succeed on a broken cloud-init document.
 *   `launch` looks at the instance itself, starts what has stopped, tries downloads again, waits for a launch of the
 *   same name that is under way, and says how cloud-init ended. After an interruption, `finishBoot` takes it up.
 *   A name that is deleted but not purged is refused, taken back or purged, by `ifDeleted`.
 * - **`exec` that mixes things up.** Exit codes are the command's, 0 to 255: those of the client (1, 2, 255) are told
 *   apart, and a command that ends with 4 is not run for ever (clients up to 1.16). Output is the command's, byte by
 *   byte: no spinner, no warnings. An instance that has stopped (asked again after ten seconds) is not started by the way. `ssh-failed` says that the command was
 *   not begun, `connection-lost` that it was. No shell expands `argv`; no environment goes over (`env A=b command`);
 *   ending the client does not end the command (`timeout 60 command`); what a command leaves running keeps `exec`
 *   waiting while it holds its output.
 * - **Windows.** A client with pipes stops for ever once a command has printed more than 4096 bytes: `exec` lets the
 *   output go through files of the guest there, and `onOutput` is called at the end. `startExec` cannot do that: let
 *   the command write to a file and read that.
 * - **Confinement.** The snap of Linux sees neither `/tmp` nor folders with a dot: cloud-init documents and files go
 *   through standard input and output, never by a path of this computer.
 * - **Terminals.** It runs with pipes always: with a terminal, Multipass asks questions and adds notices. For
 *   `multipass shell`, `shellCommand` says what to run with one's own terminal.
 * - **Purge.** `delete` deletes the one instance for good; `purge`, which takes everybody's, is never run.
 * - **Addresses.** `address` finds the one that other instances reach, among those of pod and container networks.
 *
 * Time is the system's, or `options.system`; only `answerWithinMs` is always real time. Nothing is logged or kept.
 *
 * Written after the sources of Multipass and tested with a double of its executable, not yet with Multipass itself.
 */
export { openMultipass } from "./client.ts";
export { MultipassError } from "./errors.ts";
/** @public */
export type { MultipassErrorCode } from "./errors.ts";
/** @public */
export type {
  BootOptions,
  CallOptions,
  CloudInitStatus,
  ExecOptions,
  ExecOutput,
  ExecProcess,
  ExecResult,
  Features,
  Image,
  InstanceInfo,
  InstanceState,
  InstanceZone,
  LaunchOptions,
  LaunchRequest,
  LaunchResult,
  ListedInstance,
  Multipass,
  MultipassOptions,
  Network,
  Progress,
  ProgressOptions,
  Snapshot,
  System,
  Usage,
  Version,
  Versions,
  Zone,
} from "./types.ts";
