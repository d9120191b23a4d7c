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
