import { parse } from "yaml";
import type { Process } from "../../../process.ts";
import type { Connection } from "../client/connection.ts";
import { UnreachableError, dialReason } from "../client/errors.ts";
import { listAt, objectAt, objectsAt, textAt } from "../client/json.ts";
import { goDuration } from "../../../../runtime/go-duration.ts";
import { klogHeader } from "../go/duration.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { adminConfigPath, connectionFrom, putObjects } from "./api.ts";
import { publicKeyPin } from "./certificates.ts";
import {
  adminBinding,
  bootstrapRules,
  clusterInfo,
  coreDnsObjects,
  kubeProxyObjects,
  uploadedConfiguration,
  uploadedKubeletConfiguration,
} from "./cluster-objects.ts";
import { KubeadmError } from "./errors.ts";
import { kubeletYaml, socketIsLocal, writeKubeletFiles } from "./kubelet-files.ts";
import {
  createCertificates,
  createKubeconfigs,
  kubeconfigText,
  separateAdmins,
  withPort,
  writeRootFile,
} from "./pki.ts";
import { checkBeforeInit, checkRoot, compareVersions } from "./preflight.ts";
import { chooseSocket, isToken, minorOf, readConfiguration, setupOf, type Setup } from "./setup.ts";
import { staticPods } from "./static-pods.ts";
import { defaultGroups, newToken, tokenSecret } from "./tokens.ts";

const manifestsDir = "/etc/kubernetes/manifests";

interface Run {
  process: Process;
  flags: ParsedFlags;
  setup: Setup;
  token: string;
  connection: () => Connection;
}

interface Phase {
  name: string;
  run(run: Run): Promise<void>;
}

/** The server that other machines are told to use. */
const serverUrl = (setup: Setup): string =>
  `https://${setup.controlPlaneEndpoint === "" ? `${setup.advertiseAddress}:${setup.bindPort}` : withPort(setup.controlPlaneEndpoint, setup.bindPort)}`;

const phases: readonly Phase[] = [
  { name: "preflight", run: preflight },
  { name: "certs", run: ({ process, setup }) => createCertificates(process, setup, setup.certificatesDir) },
  {
    name: "kubeconfig",
    run: ({ process, setup }) => createKubeconfigs(process, setup, "/etc/kubernetes", setup.certificatesDir),
  },
  { name: "etcd", run: etcd },
  { name: "control-plane", run: controlPlane },
  { name: "kubelet-start", run: kubeletStart },
  { name: "wait-control-plane", run: waitControlPlane },
  { name: "upload-config", run: uploadConfig },
  { name: "upload-certs", run: uploadCerts },
  { name: "mark-control-plane", run: markControlPlane },
  { name: "bootstrap-token", run: bootstrapToken },
  { name: "kubelet-finalize", run: kubeletFinalize },
  { name: "addon", run: addons },
];

/** `kubeadm init`, or one of its phases when `only` names it. */
export async function init(process: Process, flags: ParsedFlags, only?: string): Promise<number> {
  const file = readConfiguration(process, flags.text("config"));
  const setup = setupOf(process, flags, file);
  const problems = invalidSettings(setup);
  if (problems.length > 0)
    throw new KubeadmError(problems.length === 1 ? (problems[0] ?? "") : `[${problems.join(", ")}]`, 3);
  if (only === undefined || only === "preflight") {
    await chooseVersion(process, flags, setup, textAt(file.cluster, "kubernetesVersion"));
  }
  chooseSocket(process, setup);
  let connection: Connection | undefined;
  const run: Run = {
    process,
    flags,
    setup,
    token: setup.token === "" ? newToken(process.machine.environment.random) : setup.token,
    connection: () => (connection ??= connectionFrom(process, adminConfigPath)),
  };
  if (only === undefined) await process.out(`[init] Using Kubernetes version: ${setup.kubernetesVersion}\n`);
  if (flags.bool("dry-run")) return dryRun(run);
  const skipped = flags.list("skip-phases").map((name) => name.split("/")[0] ?? "");
  const chosen =
    only === undefined
      ? phases.filter(({ name }) => !skipped.includes(name))
      : phases.filter(({ name }) => name === only);
  if (only !== undefined && only !== "preflight" && process.credentials.uid !== 0) {
    throw new KubeadmError("user is not running as root");
  }
  for (const phase of chosen) {
    try {
      await phase.run(run);
    } catch (error) {
      if (error instanceof KubeadmError || process.signal.aborted || !(error instanceof Error)) throw error;
      throw new KubeadmError(`error execution phase ${phase.name}: ${error.message}`);
    }
    process.machine.environment.touch();
  }
  if (only === undefined) await printSuccess(run);
  return 0;
}

function invalidSettings(setup: Setup): string[] {
  const problems: string[] = [];
  const isAddress = /^(?:\d{1,3}\.){3}\d{1,3}$|:/.test(setup.advertiseAddress);
  if (!isAddress) {
    problems.push(
      `couldn't use ${JSON.stringify(setup.advertiseAddress)} as "apiserver-advertise-address", must be ipv4 or ipv6 address`,
    );
  }
  for (const [field, subnet] of [
    ["podSubnet", setup.podSubnet],
    ["serviceSubnet", setup.serviceSubnet],
  ] as const) {
    if (subnet !== "" && !/^[\d.:a-fA-F]+\/\d{1,3}$/.test(subnet)) {
      problems.push(
        `networking.${field}: Invalid value: ${JSON.stringify(subnet)}: couldn't parse subnet: invalid CIDR address: ${subnet}`,
      );
    }
  }
  if (setup.token !== "" && !isToken(setup.token)) {
    problems.push(
      `bootstrapTokens[0].token: Invalid value: ${JSON.stringify(setup.token)}: the bootstrap token ${JSON.stringify(setup.token)} was not of the form "\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z"`,
    );
  }
  if (!/^v\d+\.\d+\.\d+/.test(setup.kubernetesVersion) && !/^(?:stable|latest|ci\/)/.test(setup.kubernetesVersion)) {
    problems.push(
      `couldn't parse Kubernetes version ${JSON.stringify(setup.kubernetesVersion)}: could not parse ${JSON.stringify(setup.kubernetesVersion)} as version`,
    );
  }
  return problems;
}

/** Without a wish, the newest patch of kubeadm's own minor release that the release server names. */
async function chooseVersion(process: Process, flags: ParsedFlags, setup: Setup, configured: string): Promise<void> {
  const own = `v${process.executable.version.replace(/^v/, "")}`;
  const wished = flags.text("kubernetes-version") ?? configured;
  const now = process.machine.environment.clock.now();
  if (wished !== "" && /^v?\d/.test(wished)) {
    if (minorOf(wished) > minorOf(own)) {
      throw new KubeadmError(
        `this version of kubeadm only supports deploying clusters with the control plane version >= 1.${minorOf(own) - 1}.0. Current version: ${wished}`,
      );
    }
    return;
  }
  const label = wished === "" ? "stable-1" : wished;
  const remote = await releaseLabel(process, label);
  if (remote === undefined) {
    const url = `https://dl.k8s.io/release/${label}.txt`;
    await process.err(
      `${klogHeader("W", now, process.pid, "version.go:104")}could not fetch a Kubernetes version from the internet: unable to get URL ${JSON.stringify(url)}: Get ${JSON.stringify(url)}: dial tcp: lookup dl.k8s.io on 127.0.0.53:53: no such host\n` +
        `${klogHeader("W", now, process.pid, "version.go:105")}falling back to the local client version: ${own}\n`,
    );
    setup.kubernetesVersion = own;
    return;
  }
  if (minorOf(remote) <= minorOf(own)) {
    setup.kubernetesVersion = remote;
    return;
  }
  const fallback = `stable-1.${minorOf(own)}`;
  await process.err(
    `${klogHeader("I", now, process.pid, "version.go:256")}remote version is much newer: ${remote}; falling back to: ${fallback}\n`,
  );
  const patch = await releaseLabel(process, fallback);
  setup.kubernetesVersion = patch !== undefined && compareVersions(patch, own) >= 0 ? patch : own;
}

async function releaseLabel(process: Process, label: string): Promise<string | undefined> {
  const { network } = process.machine.environment;
  let url = `https://dl.k8s.io/release/${label}.txt`;
  try {
    for (let hop = 0; hop < 5; hop += 1) {
      const response = await network.fetch(process.place, url, { signal: process.signal });
      const location = response.headers["location"];
      if (response.status >= 300 && response.status < 400 && location !== undefined) {
        url = new URL(location, url).toString();
        continue;
      }
      if (response.status !== 200 || !(response.body instanceof Uint8Array)) return undefined;
      const text = new TextDecoder().decode(response.body).trim();
      return /^v\d+\.\d+\.\d+$/.test(text) ? text : undefined;
    }
  } catch (error) {
    if (dialReason(error) === undefined) throw error;
  }
  return undefined;
}

async function preflight({ process, setup }: Run): Promise<void> {
  await process.out("[preflight] Running pre-flight checks\n");
  await checkRoot(process, setup);
  await checkBeforeInit(process, setup);
}

async function etcd({ process, setup }: Run): Promise<void> {
  await process.out(`[etcd] Creating static Pod manifest for local etcd in ${JSON.stringify(manifestsDir)}\n`);
  process.machine.rootFiles.makeDirectories(setup.etcdDataDir, 0o700);
  process.machine.rootFiles.chmod(setup.etcdDataDir, 0o700);
  writeRootFile(process, `${manifestsDir}/etcd.yaml`, staticPods(setup).etcd, 0o600);
}

async function controlPlane({ process, setup }: Run): Promise<void> {
  await process.out(`[control-plane] Using manifest folder ${JSON.stringify(manifestsDir)}\n`);
  const texts = staticPods(setup);
  for (const name of ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const) {
    await process.out(`[control-plane] Creating static Pod manifest for ${JSON.stringify(name)}\n`);
    writeRootFile(process, `${manifestsDir}/${name}.yaml`, texts[name], 0o600);
  }
}

async function kubeletStart({ process, setup }: Run): Promise<void> {
  await process.machine.units.stop("kubelet.service");
  await writeKubeletFiles(process, setup, kubeletYaml(setup), "init");
  await process.out("[kubelet-start] Starting the kubelet\n");
  await process.machine.units.restart("kubelet.service");
}

async function waitControlPlane({ process, setup }: Run): Promise<void> {
  const { clock, pacing } = process.machine.environment;
  const newer = minorOf(process.executable.version) >= 31;
  await process.out(
    `[wait-control-plane] Waiting for the kubelet to boot up the control plane as static Pods from directory ${JSON.stringify(manifestsDir)}${newer ? "" : ". This can take up to 4m0s"}\n`,
  );
  if (newer) {
    await waitForKubelet(process, () => giveUp(process, setup));
    await process.out("[control-plane-check] Waiting for healthy control plane components. This can take up to 4m0s\n");
    const own = `https://${setup.advertiseAddress}:${setup.bindPort}`;
    for (const [name, url] of [
      ["kube-apiserver", `${own}/livez`],
      ["kube-controller-manager", "https://127.0.0.1:10257/healthz"],
      ["kube-scheduler", "https://127.0.0.1:10259/livez"],
    ]) {
      await process.out(`[control-plane-check] Checking ${name} at ${url}\n`);
    }
  }
  const connection = connectionFrom(process, adminConfigPath);
  const started = clock.monotonic();
  // kubeadm asks for a sign of life after 40 s and gives up after 4 min; both follow the lab's pace.
  const patience = pacing.duration("nodeMonitorGrace");
  let complaints = 0;
  for (;;) {
    try {
      const answer = await connection.send("GET", "/healthz", { query: { timeout: "10s" } });
      if (answer.status === 200) break;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
    }
    const waited = clock.monotonic() - started;
    if (waited > patience * (1 + complaints * 0.5) && complaints < 5) {
      const complaint = await kubeletComplaint(process);
      if (complaint !== undefined) {
        if (complaints === 0) await process.out("[kubelet-check] Initial timeout of 40s passed.\n");
        await process.out(
          `[kubelet-check] It seems like the kubelet isn't running or healthy.\n[kubelet-check] ${complaint}\n`,
        );
      }
      complaints += 1;
    }
    if (
      waited > patience * 6 ||
      (complaints >= 5 && waited > patience * 4 && (await kubeletComplaint(process)) !== undefined)
    )
      await giveUp(process, setup);
    await clock.sleep(25, process.signal);
  }
  const seconds = (clock.monotonic() - started) / 1000;
  if (newer) {
    const took = goDuration(clock.monotonic() - started);
    for (const name of ["kube-controller-manager", "kube-scheduler", "kube-apiserver"]) {
      await process.out(`[control-plane-check] ${name} is healthy after ${took}\n`);
    }
    return;
  }
  await process.out(`[apiclient] All control plane components are healthy after ${seconds.toFixed(6)} seconds\n`);
}

/** Newer versions look at the kubelet first. Simplified: they too give up after 4 min, here after the lab's own patience. */
export async function waitForKubelet(process: Process, giveUpWaiting: () => Promise<never>): Promise<void> {
  const { clock, pacing } = process.machine.environment;
  await process.out(
    "[kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to 4m0s\n",
  );
  const started = clock.monotonic();
  while ((await kubeletComplaint(process)) !== undefined) {
    if (clock.monotonic() - started > pacing.duration("nodeMonitorGrace") * 4) {
      await process.out("[kubelet-check] The kubelet is not healthy after 4m0.000000000s\n\n");
      await giveUpWaiting();
    }
    await clock.sleep(25, process.signal);
  }
  await process.out(`[kubelet-check] The kubelet is healthy after ${goDuration(clock.monotonic() - started)}\n`);
}

/** What asking the kubelet's health port says; undefined when it is well. */
async function kubeletComplaint(process: Process): Promise<string | undefined> {
  const url = "http://localhost:10248/healthz";
  try {
    const answer = await process.machine.environment.network.fetch(process.place, url, { signal: process.signal });
    if (answer.status === 200) return undefined;
    return `The HTTP call equal to 'curl -sSL ${url}' returned HTTP code ${answer.status}`;
  } catch (error) {
    const reason = dialReason(error);
    if (reason === undefined) throw error;
    return `The HTTP call equal to 'curl -sSL ${url}' failed with error: Get ${JSON.stringify(url)}: ${reason}.`;
  }
}

async function giveUp(process: Process, setup: Setup): Promise<never> {
  const crictl = `crictl --runtime-endpoint ${setup.criSocket}`;
  await process.out(
    [
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
      "Additionally, a control plane component may have crashed or exited when started by the container runtime.",
      "To troubleshoot, list all containers using your preferred container runtimes CLI.",
      "Here is one example how you may list all running Kubernetes containers by using crictl:",
      `\t- '${crictl} ps -a | grep kube | grep -v pause'`,
      "\tOnce you have found the failing container, you can inspect its logs with:",
      `\t- '${crictl} logs CONTAINERID'`,
      "",
    ].join("\n"),
  );
  throw new KubeadmError("error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster");
}

async function uploadConfig(run: Run): Promise<void> {
  const { process, setup } = run;
  const connection = run.connection();
  await process.out(
    '[upload-config] Storing the configuration used in ConfigMap "kubeadm-config" in the "kube-system" Namespace\n',
  );
  if (separateAdmins(setup)) {
    await putObjects(connectionFrom(process, "/etc/kubernetes/super-admin.conf"), [adminBinding]);
  }
  await putObjects(connection, uploadedConfiguration(setup));
  await process.out(
    '[kubelet] Creating a ConfigMap "kubelet-config" in namespace kube-system with the configuration for the kubelets in the cluster\n',
  );
  await putObjects(connection, uploadedKubeletConfiguration(kubeletYaml(setup)));
  if (socketIsLocal(setup)) await nodeIsRegistered(process, connection, setup);
  else await annotateSocket(process, connection, setup);
}

/** Waits for the kubelet to register its node. */
async function nodeIsRegistered(process: Process, connection: Connection, setup: Setup): Promise<void> {
  const { clock, pacing } = process.machine.environment;
  const deadline = clock.monotonic() + pacing.duration("nodeMonitorGrace") * 3;
  const path = `/api/v1/nodes/${setup.nodeName}`;
  for (;;) {
    const answer = await connection.send("GET", path);
    if (answer.status === 200) return;
    if (clock.monotonic() > deadline) {
      throw new Error(
        `error writing Crisocket information for the control-plane node: nodes ${JSON.stringify(setup.nodeName)} not found`,
      );
    }
    await clock.sleep(25, process.signal);
  }
}

/** Notes the runtime's socket on the Node object, where kubeadm up to 1.33 looks for it. */
export async function annotateSocket(process: Process, connection: Connection, setup: Setup): Promise<void> {
  await nodeIsRegistered(process, connection, setup);
  await connection.json("PATCH", `/api/v1/nodes/${setup.nodeName}`, {
    contentType: "application/merge-patch+json",
    body: { metadata: { annotations: { "kubeadm.alpha.kubernetes.io/cri-socket": setup.criSocket } } },
  });
}

async function uploadCerts({ process, flags }: Run): Promise<void> {
  if (!flags.bool("upload-certs")) {
    await process.out("[upload-certs] Skipping phase. Please see --upload-certs\n");
    return;
  }
  const key = Buffer.from(process.machine.environment.random.bytes(32)).toString("hex");
  await process.out(
    '[upload-certs] Storing the certificates in Secret "kubeadm-certs" in the "kube-system" Namespace\n',
  );
  // Simplified: a real one encrypts the authorities into that Secret for further control-plane nodes, which this lab has not.
  await process.out(`[upload-certs] Using certificate key:\n${key}\n`);
}

async function markControlPlane(run: Run): Promise<void> {
  const { process, setup } = run;
  const labels = ["node-role.kubernetes.io/control-plane", "node.kubernetes.io/exclude-from-external-load-balancers"];
  const taint = { effect: "NoSchedule", key: "node-role.kubernetes.io/control-plane" };
  await process.out(
    `[mark-control-plane] Marking the node ${setup.nodeName} as control-plane by adding the labels: [${labels.join(" ")}]\n`,
  );
  await process.out(
    `[mark-control-plane] Marking the node ${setup.nodeName} as control-plane by adding the taints [${taint.key}:${taint.effect}]\n`,
  );
  const path = `/api/v1/nodes/${setup.nodeName}`;
  const node = await run.connection().json("GET", path);
  const others = objectsAt(node, "spec", "taints").filter((item) => textAt(item, "key") !== taint.key);
  await run.connection().json("PATCH", path, {
    contentType: "application/merge-patch+json",
    body: {
      metadata: { labels: Object.fromEntries(labels.map((label) => [label, ""])) },
      spec: { taints: [...others, taint] },
    },
  });
}

async function bootstrapToken(run: Run): Promise<void> {
  const { process, setup, token } = run;
  const connection = run.connection();
  await process.out(`[bootstrap-token] Using token: ${token}\n`);
  await process.out("[bootstrap-token] Configuring bootstrap tokens, cluster-info ConfigMap, RBAC Roles\n");
  const details = {
    token,
    ttl: setup.tokenTtl,
    description: "",
    usages: ["signing", "authentication"],
    groups: [defaultGroups],
  };
  const description = "The default bootstrap token generated by 'kubeadm init'.";
  const secret = tokenSecret(
    { ...details, description: minorOf(setup.kubernetesVersion) < 31 ? description : "" },
    process.machine.environment.clock.now(),
  );
  await putObjects(connection, [{ collection: "/api/v1/namespaces/kube-system/secrets", object: secret }]);
  for (const [what, objects] of Object.entries(bootstrapRules(setup))) {
    await putObjects(connection, objects);
    await process.out(`[bootstrap-token] Configured RBAC rules ${what}\n`);
  }
  await process.out('[bootstrap-token] Creating the "cluster-info" ConfigMap in the "kube-public" namespace\n');
  const authority = process.machine.rootFiles.readText(`${setup.certificatesDir}/ca.crt`);
  await putObjects(connection, clusterInfo(serverUrl(setup), authority).objects);
}

async function kubeletFinalize({ process, setup }: Run): Promise<void> {
  const rotated = "/var/lib/kubelet/pki/kubelet-client-current.pem";
  const path = "/etc/kubernetes/kubelet.conf";
  if (!process.machine.rootFiles.exists(rotated)) {
    // Simplified: a real kubelet has asked for this certificate by now; here it keeps the one that kubeadm issued.
    const user = objectAt(listAt(parse(process.machine.rootFiles.readText(path)), "users")[0], "user");
    const pem = ["client-certificate-data", "client-key-data"].map((field) =>
      Buffer.from(textAt(user, field), "base64").toString("utf8"),
    );
    writeRootFile(process, rotated, pem.join(""), 0o600);
  }
  await process.out(
    `[kubelet-finalize] Updating ${JSON.stringify(path)} to point to a rotatable kubelet client certificate and key\n`,
  );
  const authority = process.machine.rootFiles.readText(`${setup.certificatesDir}/ca.crt`);
  const text = kubeconfigText(setup.clusterName, serverUrl(setup), authority, `system:node:${setup.nodeName}`, {
    "client-certificate": rotated,
    "client-key": rotated,
  });
  writeRootFile(process, path, text, 0o600);
}

async function addons(run: Run): Promise<void> {
  const connection = run.connection();
  await putObjects(connection, coreDnsObjects(run.setup));
  await run.process.out("[addons] Applied essential addon: CoreDNS\n");
  await putObjects(connection, kubeProxyObjects(run.setup, serverUrl(run.setup)));
  await run.process.out("[addons] Applied essential addon: kube-proxy\n");
}

async function printSuccess({ process, setup, token }: Run): Promise<void> {
  const pin = publicKeyPin(process.machine.rootFiles.readText(`${setup.certificatesDir}/ca.crt`));
  const server = serverUrl(setup).replace("https://", "");
  await process.out(
    [
      "",
      "Your Kubernetes control-plane has initialized successfully!",
      "",
      "To start using your cluster, you need to run the following as a regular user:",
      "",
      "  mkdir -p $HOME/.kube",
      "  sudo cp -i /etc/kubernetes/admin.conf $HOME/.kube/config",
      "  sudo chown $(id -u):$(id -g) $HOME/.kube/config",
      "",
      "Alternatively, if you are the root user, you can run:",
      "",
      "  export KUBECONFIG=/etc/kubernetes/admin.conf",
      "",
      "You should now deploy a pod network to the cluster.",
      'Run "kubectl apply -f [podnetwork].yaml" with one of the options listed at:',
      "  https://kubernetes.io/docs/concepts/cluster-administration/addons/",
      "",
      "Then you can join any number of worker nodes by running the following on each as root:",
      "",
      `kubeadm join ${server} --token ${token} \\`,
      `\t--discovery-token-ca-cert-hash ${pin} `,
      "",
    ].join("\n"),
  );
}

/** Says what would be done; certificates and manifests go to a folder of their own. */
async function dryRun(run: Run): Promise<number> {
  const { process, setup } = run;
  await process.out("[preflight] Running pre-flight checks\n");
  await checkRoot(process, setup);
  await checkBeforeInit(process, setup, true);
  const folder = `/etc/kubernetes/tmp/kubeadm-init-dryrun${Math.floor(process.machine.environment.random.next() * 1e9)}`;
  await createCertificates(process, setup, folder);
  await createKubeconfigs(process, setup, folder, folder);
  for (const [name, text] of Object.entries(staticPods(setup))) {
    await process.out(
      `[dryrun] Would write file ${JSON.stringify(`${manifestsDir}/${name}.yaml`)} with content:\n${text}`,
    );
  }
  await process.out(
    `[dryrun] Wrote certificates, kubeconfig files and control plane manifests to the ${JSON.stringify(folder)} directory\n`,
  );
  await process.out("[dryrun] Finished dry-running successfully. Above are the resources that would be created\n");
  return 0;
}
