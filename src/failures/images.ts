import type { Failure } from "./failure.ts";

/** Pulling and unpacking images. */
export const images: readonly Failure[] = [
  {
    id: "image-no-platform",
    signatures: [
      /no match for platform in manifest/,
      /no image found in (?:manifest list|image index) for architecture/,
    ],
    meaning: {
      en: "The image is there, but not for this node's platform: one built for `wasi/wasm` only, or for another processor.",
      de: "Das Image gibt es, aber nicht für die Plattform dieses Knotens: nur für `wasi/wasm` gebaut oder für einen anderen Prozessor.",
    },
    remedy: {
      en: "Build it with `--platform linux/amd64` (or arm64): the Wasm shims take the module from an ordinary image.",
      de: "Baue es mit `--platform linux/amd64` (oder arm64): Die Wasm-Shims nehmen das Modul aus einem gewöhnlichen Image.",
    },
    discussion: "deislabs/containerd-wasm-shims#211",
  },
  {
    id: "image-layers-mismatched",
    signatures: [/mismatched image rootfs and manifest layers/],
    meaning: {
      en: "The image is a Wasm artifact (as `spin registry push` makes it), and this containerd only unpacks ordinary images.",
      de: "Das Image ist ein Wasm-Artefakt (wie `spin registry push` es macht), und dieses containerd packt nur gewöhnliche Images aus.",
    },
    remedy: {
      en: "Use containerd 1.7.7, 1.6.26 or newer, or build an ordinary image from the module.",
      de: "Nimm containerd ab 1.7.7 oder 1.6.26, oder baue aus dem Modul ein gewöhnliches Image.",
    },
    discussion: "deislabs/containerd-wasm-shims#191",
    until: "containerd 1.7.6",
  },
  {
    id: "image-not-unpacked",
    signatures: [/parent snapshot [^ ]{1,100} does not exist/],
    meaning: {
      en: "containerd pulled the image but did not unpack it: from 2.1 on it leaves `wasi/wasm` images packed.",
      de: "containerd hat das Image geholt, aber nicht ausgepackt: Ab 2.1 lässt es `wasi/wasm`-Images gepackt.",
    },
    remedy: {
      en: "`use_local_image_pull = true` below `[plugins.'io.containerd.cri.v1.images']`, restart containerd, remove the image (`crictl rmi`); or build it for linux/amd64.",
      de: "`use_local_image_pull = true` unter `[plugins.'io.containerd.cri.v1.images']`, containerd neu starten, das Image entfernen (`crictl rmi`); oder es für linux/amd64 bauen.",
    },
    discussion: "rancher-sandbox/rancher-desktop#10524",
    since: "containerd 2.1",
  },
  {
    id: "registry-speaks-http",
    signatures: [/server gave HTTP response to HTTPS client/],
    meaning: {
      en: "The registry speaks plain HTTP, and the client insists on HTTPS.",
      de: "Die Registry spricht unverschlüsseltes HTTP, der Client besteht auf HTTPS.",
    },
    remedy: {
      en: "Tell it: Buildah `--tls-verify=false`; CRI-O `insecure = true` for it in /etc/containers/registries.conf.d; containerd a `hosts.toml` in /etc/containerd/certs.d with an `http://` server.",
      de: "Sag es ihm: Buildah `--tls-verify=false`; CRI-O `insecure = true` dafür in /etc/containers/registries.conf.d; containerd eine `hosts.toml` in /etc/containerd/certs.d mit einem `http://`-Server.",
    },
  },
  {
    id: "registry-rate-limit",
    signatures: [/toomanyrequests:/, /You have reached your (?:unauthenticated )?pull rate limit/],
    meaning: {
      en: "The registry (mostly Docker Hub) counts the pulls of this address and has had enough; machines behind one router share it.",
      de: "Die Registry (meist Docker Hub) zählt die Abrufe dieser Adresse und hat genug; Maschinen hinter einem Router teilen sie sich.",
    },
    remedy: {
      en: "Pull once and push it into the lab's own registry (registry.lab:5000), or wait some hours.",
      de: "Hole es einmal und lade es in die Registry des Labs (registry.lab:5000), oder warte ein paar Stunden.",
    },
  },
  {
    id: "image-short-name",
    signatures: [/short-name "(?<image>[^"]{1,120})" did not resolve to an alias/],
    meaning: {
      en: "`{image}` names no registry, and this machine is told none to look in.",
      de: "`{image}` nennt keine Registry, und diese Maschine weiß keine, in der sie suchen soll.",
    },
    remedy: {
      en: "Write it whole: `docker.io/library/{image}` or `registry.lab:5000/{image}`.",
      de: "Schreib es ganz: `docker.io/library/{image}` oder `registry.lab:5000/{image}`.",
    },
  },
  {
    id: "image-missing",
    signatures: [/manifest unknown/, /failed to resolve reference "[^"]{1,160}": [^ ]{1,160}: not found/],
    meaning: {
      en: "The registry answers, but has no image of that name and tag.",
      de: "Die Registry antwortet, hat aber kein Image mit diesem Namen und Tag.",
    },
    remedy: {
      en: "Compare name and tag with what was pushed: `curl http://registry.lab:5000/v2/NAME/tags/list`.",
      de: "Vergleiche Name und Tag mit dem, was hochgeladen wurde: `curl http://registry.lab:5000/v2/NAME/tags/list`.",
    },
  },
  {
    id: "image-denied",
    signatures: [/pull access denied|requested access to the resource is denied|unauthorized: authentication required/],
    meaning: {
      en: "The registry gives this image to nobody who has not signed in; registries also say so of images that are not there.",
      de: "Die Registry gibt dieses Image nur Angemeldeten; manche sagen das auch von Images, die es nicht gibt.",
    },
    remedy: {
      en: "Check the name first; then `buildah login` or an imagePullSecret.",
      de: "Prüfe zuerst den Namen; dann `buildah login` oder ein imagePullSecret.",
    },
  },
  {
    id: "image-back-off",
    general: true,
    signatures: [/Back-off pulling image "/, /\b(?:ImagePullBackOff|ErrImagePull)\b/],
    meaning: {
      en: "The node could not pull the image and waits longer each time before it tries again.",
      de: "Der Knoten konnte das Image nicht holen und wartet vor jedem weiteren Versuch länger.",
    },
    remedy: {
      en: "Why stands in the events: `kubectl describe pod NAME`, in the line that begins with `Failed to pull image`.",
      de: "Warum, steht in den Ereignissen: `kubectl describe pod NAME`, in der Zeile mit `Failed to pull image`.",
    },
  },
];
