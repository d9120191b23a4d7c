import { parse } from "yaml";
import type { Process } from "../../../process.ts";
import { ApiError } from "../../../../cluster/api.ts";
import { UnreachableError } from "../client/errors.ts";
import { listAt, objectAt, textAt } from "../client/json.ts";
import { klogHeader } from "../go/duration.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { toYaml } from "../go/yaml.ts";
import { connect, connectionFrom } from "./api.ts";
import { publicKeyPin } from "./certificates.ts";
import { KubeadmError } from "./errors.ts";
import { socketIsLocal, writeKubeletFiles } from "./kubelet-files.ts";
import { annotateSocket, waitForKubelet } from "./init.ts";
import { kubeconfigText, withPort, writeRootFile } from "./pki.ts";
import { checkBeforeJoin, checkRoot } from "./preflight.ts";
import {
  chooseSocket,
  isToken,
  minorOf,
  readConfiguration,
  setupOf,
  type ConfigurationFile,
  type Setup,
} from "./setup.ts";
import { signatureMatches } from "./tokens.ts";

/** How a joining machine finds and trusts the cluster. */
interface Discovery {
  server: string;
  token: string;
  tlsToken: string;
  pins: string[];
  unsafe: boolean;
}

/** What the discovery found to be true. */
interface TrustedCluster {
  server: string;
  authorityPem: string;
}

/** `kubeadm join` of a worker. */
export async function join(process: Process, flags: ParsedFlags): Promise<number> {
  const file = readConfiguration(process, flags.text("config"));
  const discovery = await discoveryOf(process, flags, file);
  if (flags.bool("control-plane")) {
    throw new KubeadmError(
      "error execution phase preflight: \nOne or more conditions for hosting a new control plane instance is not satisfied.\n\nunable to add a new control plane instance to a cluster that doesn't have a stable controlPlaneEndpoint address\n\nPlease ensure that:\n* The cluster has a stable controlPlaneEndpoint address.\n* The certificates that must be shared among control plane instances are provided.\n\n",
    );
  }
  const setup = setupOf(process, flags, file);
  chooseSocket(process, setup);
  await process.out("[preflight] Running pre-flight checks\n");
  await checkRoot(process, setup);
  await checkBeforeJoin(process, setup);
  const cluster = await discover(process, discovery);
  const bootstrap = kubeconfigText("kubernetes", cluster.server, cluster.authorityPem, "tls-bootstrap-token-user", {
    token: discovery.tlsToken,
  });
  await readClusterConfiguration(process, setup, cluster, discovery.tlsToken);
  await startKubelet(process, setup, cluster, discovery.tlsToken, bootstrap);
  await process.out(
    [
      "",
      "This node has joined the cluster:",
      "* Certificate signing request was sent to apiserver and a response was received.",
      "* The Kubelet was informed of the new secure connection details.",
      "",
      "Run 'kubectl get nodes' on the control-plane to see this node join the cluster.",
      "",
      "",
    ].join("\n"),
  );
  return 0;
}

async function discoveryOf(process: Process, flags: ParsedFlags, file: ConfigurationFile): Promise<Discovery> {
  const configured = objectAt(file.join, "discovery", "bootstrapToken");
  const words = [...flags.words, ...(flags.dashed ?? [])];
  if (words.length > 1 && !flags.has("config")) {
    const now = process.machine.environment.clock.now();
    const text = `[preflight] WARNING: More than one API server endpoint supplied on command line [${words.join(" ")}]. Using the first one.`;
    await process.err(`${klogHeader("W", now, process.pid, "join.go:382")}${text}\n`);
  }
  const server = words[0] ?? textAt(configured, "apiServerEndpoint");
  const token = flags.text("discovery-token") ?? flags.text("token") ?? textAt(configured, "token");
  const tlsToken =
    flags.text("tls-bootstrap-token") ??
    flags.text("token") ??
    (textAt(file.join, "discovery", "tlsBootstrapToken") || token);
  const pins = [...flags.list("discovery-token-ca-cert-hash"), ...listAt(configured, "caCertHashes").map(String)];
  const unsafe =
    flags.bool("discovery-token-unsafe-skip-ca-verification") || configured["unsafeSkipCAVerification"] === true;
  const problems: string[] = [];
  if (server === "") problems.push('discovery: Invalid value: "": bootstrapToken or file must be set');
  else {
    if (pins.length === 0 && !unsafe) {
      problems.push(
        'discovery.bootstrapToken: Invalid value: "": using token-based discovery without caCertHashes can be unsafe. Set unsafeSkipCAVerification as true in your kubeadm config file or pass --discovery-token-unsafe-skip-ca-verification flag to continue',
      );
    }
    const invalid = (field: string, value: string): string =>
      `${field}: Invalid value: ${JSON.stringify(value)}: the bootstrap token is invalid`;
    if (!isToken(token)) problems.push(invalid("discovery.bootstrapToken.token", token));
    if (!/^[^:\s]+(?::\d+)?$/.test(server)) {
      const reason = /:\D/.test(server) ? `address ${server}: too many colons in address` : `missing port in address`;
      problems.push(`discovery.bootstrapToken.apiServerEndpoint: Invalid value: ${JSON.stringify(server)}: ${reason}`);
    }
    if (!isToken(tlsToken)) problems.push(invalid("discovery.tlsBootstrapToken", tlsToken));
  }
  if (problems.length > 0) {
    // Up to 1.30 an aggregate of invalid settings ends with its own exit code.
    const exitCode = minorOf(process.executable.version) < 31 ? 3 : 1;
    throw new KubeadmError(problems.length === 1 ? (problems[0] ?? "") : `[${problems.join(", ")}]`, exitCode);
  }
  return { server: withPort(server, 6443), token, tlsToken, pins, unsafe };
}

/** Finds the cluster by token: reads its public description, proves it with the token, and compares the authority's pin. */
async function discover(process: Process, discovery: Discovery): Promise<TrustedCluster> {
  const { clock, pacing } = process.machine.environment;
  const badPin = discovery.pins.find((pin) => !/^sha256:[\da-fA-F]{64}$/i.test(pin));
  if (badPin !== undefined) {
    const [format = "", hex = ""] = badPin.split(":");
    const reason = badPin.includes(":")
      ? format.toLowerCase() === "sha256"
        ? hexProblem(hex)
        : `unknown hash format ${JSON.stringify(format)}`
      : 'invalid public key hash, expected "format:value"';
    throw refused(
      `invalid discovery token CA certificate hash: ${reason}`,
      "couldn't validate the identity of the API Server",
    );
  }
  const deadline = clock.monotonic() + pacing.duration("podEviction");
  let last: Error;
  for (;;) {
    try {
      return await tryDiscovery(process, discovery);
    } catch (error) {
      if (!(error instanceof Error) || process.signal.aborted) throw error;
      last = error;
      if (error instanceof PinMismatch) break;
    }
    const left = deadline - clock.monotonic();
    if (left <= 0) break;
    // A real one asks every 5 s for 5 min.
    await clock.sleep(Math.min(left, Math.max(20, pacing.duration("podEviction") / 60)), process.signal);
  }
  throw refused(last.message, "couldn't validate the identity of the API Server");
}

class PinMismatch extends Error {
  override readonly name = "PinMismatch";
}

function hexProblem(hex: string): string {
  const wrong = /[^\da-fA-F]/.exec(hex);
  if (wrong) {
    const code = (wrong[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `could not decode SHA-256 from public key hash: encoding/hex: invalid byte: U+${code} '${wrong[0]}'`;
  }
  if (hex.length % 2 === 1) return "could not decode SHA-256 from public key hash: encoding/hex: odd length hex string";
  return `expected a 32 byte SHA-256 hash, found ${hex.length / 2} bytes`;
}

const refused = (reason: string, what: string): KubeadmError =>
  new KubeadmError(`error execution phase preflight: ${what}: ${reason}`);

async function tryDiscovery(process: Process, discovery: Discovery): Promise<TrustedCluster> {
  const server = `https://${discovery.server}`;
  const [id = "", secret = ""] = discovery.token.split(".");
  const access = { server, namespace: "default", context: "" };
  const path = "/api/v1/namespaces/kube-public/configmaps/cluster-info";
  const read = async (connection: ReturnType<typeof connect>): Promise<{ kubeconfig: string; signature: string }> => {
    try {
      const found = await connection.json("GET", path, { query: { timeout: "10s" } });
      const data = objectAt(found, "data");
      return { kubeconfig: textAt(data, "kubeconfig"), signature: textAt(data, `jws-kubeconfig-${id}`) };
    } catch (error) {
      if (error instanceof UnreachableError || error instanceof ApiError) {
        throw new Error(`failed to request the cluster-info ConfigMap: ${error.message}`, { cause: error });
      }
      throw error;
    }
  };
  const unproven = await read(connect(process, { ...access, insecure: true }));
  if (unproven.signature === "") {
    throw new Error(`could not find a JWS signature in the cluster-info ConfigMap for token ID ${JSON.stringify(id)}`);
  }
  if (!signatureMatches(unproven.signature, unproven.kubeconfig, id, secret)) {
    throw new Error("failed to verify JWS signature of received cluster info object, can't trust this API Server");
  }
  const parsed: unknown = parse(unproven.kubeconfig);
  const cluster = objectAt(listAt(parsed, "clusters")[0], "cluster");
  const authorityPem = Buffer.from(textAt(cluster, "certificate-authority-data"), "base64").toString("utf8");
  const pin = publicKeyPin(authorityPem);
  if (discovery.pins.length > 0 && !discovery.pins.some((item) => item.toLowerCase() === pin)) {
    throw new PinMismatch(
      `cluster CA found in cluster-info ConfigMap is invalid: none of the public keys ${JSON.stringify(pin)} are pinned`,
    );
  }
  if (discovery.pins.length > 0) {
    const proven = await read(connect(process, { ...access, insecure: false, authority: authorityPem }));
    if (proven.kubeconfig !== unproven.kubeconfig) {
      throw new Error(
        "the second kubeconfig from the cluster-info ConfigMap (using validated TLS) was different from the first",
      );
    }
  }
  return { server: textAt(cluster, "server") || server, authorityPem };
}

async function readClusterConfiguration(
  process: Process,
  setup: Setup,
  cluster: TrustedCluster,
  token: string,
): Promise<void> {
  const newer = minorOf(process.executable.version) >= 31;
  if (newer) {
    await process.out(
      '[preflight] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...\n',
    );
    await process.out(
      "[preflight] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n",
    );
  } else {
    await process.out("[preflight] Reading configuration from the cluster...\n");
    await process.out(
      "[preflight] FYI: You can look at this config file with 'kubectl -n kube-system get cm kubeadm-config -o yaml'\n",
    );
  }
  const connection = connect(process, {
    server: cluster.server,
    authority: cluster.authorityPem,
    insecure: false,
    token,
    namespace: "default",
    context: "",
  });
  try {
    const found = await connection.json("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config");
    const text = textAt(found, "data", "ClusterConfiguration");
    const configuration: unknown = parse(text);
    setup.kubernetesVersion = textAt(configuration, "kubernetesVersion") || setup.kubernetesVersion;
    setup.imageRepository = textAt(configuration, "imageRepository") || setup.imageRepository;
    setup.certificatesDir = textAt(configuration, "certificatesDir") || setup.certificatesDir;
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    const what = "unable to fetch the kubeadm-config ConfigMap: failed to get config map";
    throw new KubeadmError(`error execution phase preflight: ${what}: ${error.message}`);
  }
}

async function startKubelet(
  process: Process,
  setup: Setup,
  cluster: TrustedCluster,
  token: string,
  bootstrap: string,
): Promise<void> {
  const { machine } = process;
  const { clock, pacing } = machine.environment;
  const bootstrapPath = "/etc/kubernetes/bootstrap-kubelet.conf";
  const connection = connect(process, {
    server: cluster.server,
    authority: cluster.authorityPem,
    insecure: false,
    token,
    namespace: "default",
    context: "",
  });
  const phase = "error execution phase kubelet-start";
  let existing = "";
  try {
    const answer = await connection.send("GET", `/api/v1/nodes/${setup.nodeName}`);
    if (answer.status === 200) {
      const node = await connection.json("GET", `/api/v1/nodes/${setup.nodeName}`);
      const ready = listAt(node, "status", "conditions").find((item) => textAt(item, "type") === "Ready");
      if (textAt(ready, "status") === "True") existing = setup.nodeName;
    }
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    throw new KubeadmError(`${phase}: cannot get Node ${JSON.stringify(setup.nodeName)}: ${error.message}`);
  }
  if (existing !== "") {
    throw new KubeadmError(
      `${phase}: a Node with name ${JSON.stringify(existing)} and status "Ready" already exists in the cluster. You must delete the existing Node or change the name of this new joining Node`,
    );
  }
  let configuration: string;
  try {
    const found = await connection.json("GET", "/api/v1/namespaces/kube-system/configmaps/kubelet-config");
    configuration = toYaml(parse(textAt(found, "data", "kubelet")));
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    throw new KubeadmError(`${phase}: failed to get config map: ${error.message}`);
  }
  writeRootFile(process, bootstrapPath, bootstrap, 0o600);
  writeRootFile(process, `${setup.certificatesDir}/ca.crt`, cluster.authorityPem, 0o644);
  await machine.units.stop("kubelet.service");
  await writeKubeletFiles(process, setup, configuration, "join");
  await process.out("[kubelet-start] Starting the kubelet\n");
  await machine.units.restart("kubelet.service");
  const newer = minorOf(process.executable.version) >= 31;
  if (newer) await waitForKubelet(process, () => kubeletFailed(process));
  await process.out(`[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap${newer ? "" : "..."}\n`);
  const deadline = clock.monotonic() + pacing.duration("nodeMonitorGrace") * 6;
  while (!machine.rootFiles.exists("/etc/kubernetes/kubelet.conf")) {
    if (clock.monotonic() > deadline) await kubeletFailed(process);
    await clock.sleep(20, process.signal);
  }
  if (!socketIsLocal(setup))
    await annotateSocket(process, connectionFrom(process, "/etc/kubernetes/kubelet.conf"), setup);
  if (machine.rootFiles.exists(bootstrapPath)) machine.rootFiles.unlink(bootstrapPath);
}

async function kubeletFailed(process: Process): Promise<never> {
  const url = "http://localhost:10248/healthz";
  await process.out(
    [
      "[kubelet-check] Initial timeout of 40s passed.",
      "[kubelet-check] It seems like the kubelet isn't running or healthy.",
      `[kubelet-check] The HTTP call equal to 'curl -sSL ${url}' failed with error: Get "${url}": dial tcp 127.0.0.1:10248: connect: connection refused.`,
      "",
      "Unfortunately, an error has occurred:",
      "\ttimed out waiting for the condition",
      "",
      "This error is likely caused by:",
      "\t- The kubelet is not running",
      "\t- The kubelet is unhealthy due to a misconfiguration of the node in some way (required cgroups disabled)",
      "",
      "If you are on a systemd-powered system, you can try to troubleshoot the error with the following commands:",
      "\t- 'systemctl status kubelet'",
      "\t- 'journalctl -xeu kubelet'",
      "",
    ].join("\n"),
  );
  throw new KubeadmError("error execution phase kubelet-start: timed out waiting for the condition");
}
