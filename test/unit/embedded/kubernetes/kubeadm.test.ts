import { describe, expect, it } from "vitest";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { publicKeyPin } from "../../../../src/backends/embedded/machine/programs/kubernetes/kubeadm/certificates.ts";
import {
  detachedSignature,
  signatureMatches,
} from "../../../../src/backends/embedded/machine/programs/kubernetes/kubeadm/tokens.ts";
import { typist } from "./lab.ts";

const enabled = { name: "kubelet.service", enabled: "enabled" } as const;
const parts = (values: Record<string, string>): Partial<ModelledMachine> => ({
  units: Object.assign(Object.create(null), { status: () => enabled }),
  kernel: Object.assign(Object.create(null), { swaps: () => [], parameter: (key: string) => values[key] }),
});
const lab = (
  values: Record<string, string> = { "net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1" },
) => typist(() => undefined, "1.28.2", parts(values));
const stack = "To see the stack trace of this error execute with --v=5 or higher\n";

describe("kubeadm", () => {
  it("refuses whoever is not root", async () => {
    const outcome = await lab().run(["kubeadm", "init", "--kubernetes-version", "v1.28.2"], { user: "ubuntu" });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toBe(
      `error execution phase preflight: [preflight] Some fatal errors occurred:\n\t[ERROR IsPrivilegedUser]: user is not running as root\n[preflight] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\`\n${stack}`,
    );
  });

  it("finds the runtime, the kubelet and forwarding missing", async () => {
    const outcome = await lab({ "net.ipv4.ip_forward": "0" }).run([
      "kubeadm",
      "init",
      "--kubernetes-version",
      "v1.28.2",
    ]);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain("[ERROR CRI]: container runtime is not running: output: ");
    expect(outcome.stderr).toContain(
      "dial unix /var/run/containerd/containerd.sock: connect: no such file or directory",
    );
    expect(outcome.stderr).toContain("\t[ERROR FileExisting-conntrack]: conntrack not found in system path\n");
    expect(outcome.stderr).toContain(
      "\t[ERROR KubeletVersion]: couldn't get kubelet version: cannot execute 'kubelet --version': executable file not found in $PATH\n",
    );
    expect(outcome.stderr).toContain(
      "\t[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables does not exist\n",
    );
    expect(outcome.stderr).toContain(
      "\t[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1\n",
    );
  });

  it("takes the thesis's typographic dash for a second server", async () => {
    const hash = `sha256:${"5a".repeat(32)}`;
    const argv = [
      "kubeadm",
      "join",
      "10.0.0.182:6443",
      "—-token",
      "m6ogiu.lhrk2n52ucsvpd4m",
      "--discovery-token-ca-cert-hash",
      hash,
    ];
    const outcome = await lab().run(argv);
    expect(outcome.exitCode).toBe(3);
    expect(outcome.stderr).toContain(
      "[preflight] WARNING: More than one API server endpoint supplied on command line [10.0.0.182:6443 —-token m6ogiu.lhrk2n52ucsvpd4m]. Using the first one.",
    );
    expect(outcome.stderr).toContain(
      'discovery.bootstrapToken.token: Invalid value: "": the bootstrap token is invalid',
    );
  });

  it("words its usage errors as recorded", async () => {
    expect((await lab().run(["kubeadm", "join"])).stderr).toBe(
      `discovery: Invalid value: "": bootstrapToken or file must be set\n${stack}`,
    );
    expect((await lab().run(["kubeadm", "init", "--bogus"])).stderr).toBe(`unknown flag: --bogus\n${stack}`);
    expect((await lab().run(["kubeadm", "bogus"])).stderr).toBe(`unknown command "bogus" for "kubeadm"\n${stack}`);
    expect((await lab().run(["kubeadm", "version", "-o", "short"])).stdout).toBe("v1.28.2\n");
    expect((await lab().run(["kubeadm", "token", "generate"])).stdout).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}\n$/);
  });

  it("makes a key infrastructure with the right owners and modes", async () => {
    const master = lab();
    const outcome = await master.run(["kubeadm", "init", "phase", "certs", "all"]);
    expect(outcome.stdout).toContain(
      '[certs] Generating "ca" certificate and key\n[certs] Generating "apiserver" certificate and key\n',
    );
    const files = master.machine.rootFiles;
    expect(files.stat("/etc/kubernetes/pki/ca.key").mode).toBe(0o600);
    expect(files.stat("/etc/kubernetes/pki/apiserver.crt").mode).toBe(0o644);
    expect(publicKeyPin(files.readText("/etc/kubernetes/pki/ca.crt"))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await master.run(["kubeadm", "init", "phase", "certs", "all"])).stdout).toContain(
      "[certs] Using existing ca certificate authority\n",
    );
  });

  it("proves the cluster's description by token", () => {
    const signature = detachedSignature("kubeconfig", "abcdef", "0123456789abcdef");
    expect(signatureMatches(signature, "kubeconfig", "abcdef", "0123456789abcdef")).toBe(true);
    expect(signatureMatches(signature, "kubeconfig", "abcdef", "0123456789abcdee")).toBe(false);
    expect(signatureMatches(signature, "another", "abcdef", "0123456789abcdef")).toBe(false);
  });
});
