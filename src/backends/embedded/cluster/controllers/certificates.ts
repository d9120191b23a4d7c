import { createPrivateKey, X509Certificate } from "node:crypto";
import { certificatePem, extensions, readRequest, subjectOf } from "../../pki/x509.ts";
import type { ControllerContext } from "./context.ts";
import type { ApiObject, Condition } from "./types.ts";
import { keyOf, timestamp } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

interface SigningRequest extends ApiObject {
  spec: { request: string; signerName: string; username?: string; groups?: string[]; usages?: string[] };
  status?: { certificate?: string; conditions?: Condition[] };
}

const kubeletSigner = "kubernetes.io/kube-apiserver-client-kubelet";
const yearMs = 365 * 24 * 3_600_000;

/** Approves and signs the requests by which kubelets get their client certificates. PEM in, PEM out. */
export function startCertificateController(
  context: ControllerContext,
  authority: { certificate: string; key: string },
): void {
  const requests = context.informer<SigningRequest>("certificates.k8s.io/v1", "certificatesigningrequests");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`certificatesigningrequest ${key}: ${String(error)}`),
  });
  requests.onChange((request) => queue.add(keyOf(request)));

  async function reconcile(name: string): Promise<void> {
    const request = requests.get(name);
    if (!request || request.status?.certificate !== undefined) return;
    const conditions = request.status?.conditions ?? [];
    if (conditions.some((condition) => condition.type === "Denied")) return;
    let approved = conditions;
    if (!conditions.some((condition) => condition.type === "Approved")) {
      if (!mayApprove(request)) return;
      const at = timestamp(context.clock.now());
      const message = request.spec.groups?.includes("system:nodes")
        ? "Auto approving self kubelet client certificate after SubjectAccessReview."
        : "Auto approving kubelet client certificate after SubjectAccessReview.";
      approved = [
        ...conditions,
        {
          lastTransitionTime: at,
          lastUpdateTime: at,
          message,
          reason: "AutoApproved",
          status: "True",
          type: "Approved",
        },
      ];
    }
    const pem = Buffer.from(request.spec.request, "base64").toString("utf8");
    const certificate = sign(pem, authority, context.clock.now(), context.random.bytes(16));
    const status = { conditions: approved, certificate: Buffer.from(certificate).toString("base64") };
    requests.learn(
      await context.client.updateStatus(
        { apiVersion: "certificates.k8s.io/v1", resource: "certificatesigningrequests", namespace: "", name },
        { ...request, status },
      ),
    );
  }
}

/** Bootstrapping nodes and nodes that renew are approved without asking anybody, by kubeadm's role bindings. */
function mayApprove(request: SigningRequest): boolean {
  const groups = request.spec.groups ?? [];
  return (
    request.spec.signerName === kubeletSigner &&
    groups.some((group) => group === "system:nodes" || group.startsWith("system:bootstrappers"))
  );
}

/** A client certificate for a request, from a certificate authority. All PEM; `now` in milliseconds. */
function sign(
  requestPem: string,
  authority: { certificate: string; key: string },
  now: number,
  serial: Uint8Array,
): string {
  serial[0] = (serial[0] ?? 0) & 0x7f;
  return certificatePem(
    {
      ...readRequest(requestPem),
      serial,
      issuer: subjectOf(new X509Certificate(authority.certificate)).subject,
      notBefore: now - 300_000,
      notAfter: now + yearMs,
      extensions: [
        extensions.keyUsage(false),
        extensions.extendedKeyUsage(["client"]),
        extensions.basicConstraints(false),
      ],
    },
    createPrivateKey(authority.key),
  );
}
