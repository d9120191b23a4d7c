import type { Failure } from "./failure.ts";

/** Multipass itself: its service, its images, and what it needs of this computer. */
export const multipassHost: readonly Failure[] = [
  {
    id: "multipass-unreachable",
    signatures: [/cannot connect to the multipass socket/],
    meaning: {
      en: "Multipass is installed, but its service does not answer: it is stopped, starting, or being updated.",
      de: "Multipass ist installiert, aber sein Dienst antwortet nicht: Er ist aus, startet oder wird aktualisiert.",
    },
    remedy: {
      en: "Linux: `sudo snap start multipass`; macOS: `sudo launchctl kickstart -k system/com.canonical.multipassd`; Windows: start the service Multipass.",
      de: "Linux: `sudo snap start multipass`; macOS: `sudo launchctl kickstart -k system/com.canonical.multipassd`; Windows: den Dienst Multipass starten.",
    },
    discussion: "canonical/multipass#3084",
  },
  {
    id: "multipass-access-denied",
    signatures: [/multipass socket access denied/],
    meaning: {
      en: "This user may not talk to Multipass: the first one to do so must be in the group sudo, admin or wheel.",
      de: "Dieser Benutzer darf nicht mit Multipass reden: Wer es zum ersten Mal tut, muss in der Gruppe sudo, admin oder wheel sein.",
    },
    remedy: {
      en: "Sign in as such a user, or have yourself added (`sudo usermod -aG sudo $USER`, then sign in again).",
      de: "Melde dich als solcher Benutzer an, oder lass dich aufnehmen (`sudo usermod -aG sudo $USER`, dann neu anmelden).",
    },
  },
  {
    id: "multipass-not-authenticated",
    signatures: [/The client is not authenticated with the Multipass service/],
    meaning: {
      en: "Multipass does not know this user yet.",
      de: "Multipass kennt diesen Benutzer noch nicht.",
    },
    remedy: {
      en: "`multipass authenticate` with the passphrase that an administrator has set.",
      de: "`multipass authenticate` mit der Passphrase, die ein Administrator gesetzt hat.",
    },
  },
  {
    id: "multipass-passphrase-wrong",
    signatures: [/Passphrase is not correct\. Please try again/],
    meaning: { en: "The passphrase is another one.", de: "Die Passphrase ist eine andere." },
    remedy: {
      en: "An administrator sets a new one: `multipass set local.passphrase`.",
      de: "Ein Administrator setzt eine neue: `multipass set local.passphrase`.",
    },
  },
  {
    id: "multipass-passphrase-unset",
    signatures: [/Passphrase is not set\. Please [`']multipass set local\.passphrase[`'] with a trusted client/],
    meaning: {
      en: "Nobody has set a passphrase yet that lets other users in.",
      de: "Noch hat niemand eine Passphrase gesetzt, die andere Benutzer einlässt.",
    },
    remedy: {
      en: "Who installed Multipass calls `multipass set local.passphrase`.",
      de: "Wer Multipass installiert hat, ruft `multipass set local.passphrase` auf.",
    },
  },
  {
    id: "multipass-no-virtualization",
    signatures: [/KVM support is not enabled on this machine/],
    meaning: {
      en: "This computer offers no hardware virtualization: it is off in the firmware, the module kvm is missing, or this is itself a virtual machine or a container.",
      de: "Dieser Computer bietet keine Hardware-Virtualisierung: Sie ist in der Firmware aus, das Modul kvm fehlt, oder er ist selbst eine virtuelle Maschine oder ein Container.",
    },
    remedy: {
      en: "Switch VT-x or AMD-V (SVM) on in the firmware, or use the embedded backend, which needs none.",
      de: "Schalte VT-x oder AMD-V (SVM) in der Firmware ein, oder nimm das Backend embedded, das keine braucht.",
    },
  },
  {
    id: "multipass-kvm-denied",
    signatures: [/KVM device cannot be opened for reading and writing/],
    meaning: {
      en: "Multipass may not use /dev/kvm.",
      de: "Multipass darf /dev/kvm nicht benutzen.",
    },
    remedy: { en: "`sudo snap connect multipass:kvm`.", de: "`sudo snap connect multipass:kvm`." },
  },
  {
    id: "multipass-kvm-busy",
    signatures: [/Another virtual machine manager is currently running/],
    meaning: {
      en: "Another hypervisor (mostly VirtualBox) holds the processor's virtualization.",
      de: "Ein anderer Hypervisor (meist VirtualBox) hält die Virtualisierung des Prozessors.",
    },
    remedy: { en: "Shut its machines down, then again.", de: "Fahr dessen Maschinen herunter, dann noch einmal." },
  },
  {
    id: "multipass-hyperv-missing",
    signatures: [/The Hyper-V service does not exist/, /The Hyper-V Windows feature is disabled/],
    meaning: {
      en: "Hyper-V is not switched on; Windows Home does not have it.",
      de: "Hyper-V ist nicht eingeschaltet; Windows Home hat es nicht.",
    },
    remedy: {
      en: "As administrator: `Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All`, then restart; on Home `multipass set local.driver=virtualbox`.",
      de: "Als Administrator: `Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All`, dann neu starten; mit Home `multipass set local.driver=virtualbox`.",
    },
  },
  {
    id: "multipass-firmware-virtualization",
    signatures: [/Virtualization support appears to be disabled in the BIOS/],
    meaning: {
      en: "The firmware of this computer has virtualization switched off.",
      de: "In der Firmware dieses Computers ist die Virtualisierung aus.",
    },
    remedy: {
      en: "Switch it on there: Intel VT-x, AMD SVM.",
      de: "Schalte sie dort ein: Intel VT-x, AMD SVM.",
    },
  },
  {
    id: "multipass-image-unknown",
    signatures: [
      /Unable to find an image matching "(?<image>[^"]{1,80})"/,
      /'(?<image>[^']{1,80})' is not a supported alias\. Please use/,
    ],
    meaning: {
      en: "Multipass knows no image `{image}` (any more).",
      de: "Multipass kennt kein Image `{image}` (mehr).",
    },
    remedy: {
      en: "`multipass find --show-unsupported` lists all; the lab uses 24.04.",
      de: "`multipass find --show-unsupported` listet alle; das Lab nimmt 24.04.",
    },
    discussion: "canonical/multipass#3443",
  },
  {
    id: "multipass-remote-unknown",
    signatures: [/Remote "(?<remote>[^"]{0,80})" is unknown or unreachable/],
    meaning: {
      en: 'Multipass does not get the list of images from "{remote}".',
      de: "Multipass bekommt die Liste der Images nicht von „{remote}“.",
    },
    remedy: {
      en: "Check the name and the way to the internet; `multipass find --force-update` fetches it anew. A proxy must be set for the service, not in your shell.",
      de: "Prüfe den Namen und den Weg ins Internet; `multipass find --force-update` holt sie neu. Ein Proxy muss beim Dienst eingestellt sein, nicht in deiner Shell.",
    },
  },
  {
    id: "multipass-download",
    signatures: [
      /failed to download from '(?<url>[^']{1,200})': (?<reason>[^.!]{1,80}?)(?: (?=launch|start|\[)|\.|!|$)/,
    ],
    meaning: {
      en: "The image could not be fetched: {reason}. Multipass gives up after ten seconds without a byte and does not resume.",
      de: "Das Image ließ sich nicht holen: {reason}. Nach zehn Sekunden ohne ein Byte gibt Multipass auf und setzt nicht fort.",
    },
    remedy: {
      en: "Try again, nearer to the network; behind a proxy set it for the service; `multipass find --force-update` clears a stale list.",
      de: "Versuch es noch einmal, mit besserem Netz; hinter einem Proxy stelle ihn beim Dienst ein; `multipass find --force-update` räumt eine alte Liste weg.",
    },
    discussion: "canonical/multipass#1577",
  },
  {
    id: "multipass-image-hash",
    signatures: [/Hash of [^ ]{1,200} does not match/, /Downloaded image hash does not match/],
    meaning: {
      en: "The image that arrived is not the announced one: the list is stale, or a proxy changed or cut it.",
      de: "Das angekommene Image ist nicht das angekündigte: Die Liste ist veraltet, oder ein Proxy hat es verändert oder gekürzt.",
    },
    remedy: {
      en: "`multipass find --force-update`, then again.",
      de: "`multipass find --force-update`, dann noch einmal.",
    },
    discussion: "canonical/multipass#3440",
  },
  {
    id: "multipass-custom-image",
    signatures: [
      /Custom image [`'](?<path>[^`']{1,160})[`'] does not exist/,
      /Invalid file URL [`'](?<path>[^`']{1,160})[`']/,
    ],
    meaning: {
      en: "Multipass finds no image at {path}; as a snap it does not see every folder.",
      de: "Multipass findet unter {path} kein Image; als Snap sieht es nicht jeden Ordner.",
    },
    remedy: {
      en: "Give an absolute `file:///…` in your home, not below a folder that begins with a dot.",
      de: "Nenne ein absolutes `file:///…` in deinem Home-Verzeichnis, nicht unter einem Ordner mit Punkt am Anfang.",
    },
  },
  {
    id: "multipass-disk-below-image",
    signatures: [/Requested disk \((?<have>\d+) bytes\) below minimum for this image \((?<need>\d+) bytes\)/],
    meaning: {
      en: "The machine's disk ({have} bytes) is smaller than its image ({need} bytes).",
      de: "Die Platte der Maschine ({have} Byte) ist kleiner als ihr Image ({need} Byte).",
    },
    remedy: { en: "Ask for more: `--disk 10G`.", de: "Verlange mehr: `--disk 10G`." },
  },
  {
    id: "multipass-host-disk-full",
    signatures: [/Available disk \((?<have>\d+) bytes\) below minimum for this image \((?<need>\d+) bytes\)/],
    meaning: {
      en: "This computer has {have} bytes free where Multipass keeps its machines; the image alone needs {need}.",
      de: "Dieser Computer hat dort, wo Multipass seine Maschinen hält, {have} Byte frei; allein das Image braucht {need}.",
    },
    remedy: {
      en: "Free some space; three machines want 30 GB. `multipass list` shows forgotten ones.",
      de: "Schaff Platz; drei Maschinen wollen 30 GB. `multipass list` zeigt vergessene.",
    },
    discussion: "canonical/multipass#3379",
  },
  {
    id: "multipass-too-old",
    signatures: [/Unknown command or alias '(?<command>snapshot|restore|clone|wait-ready|zones)'/],
    meaning: {
      en: "This Multipass is too old for `{command}` (snapshots came with 1.13).",
      de: "Dieses Multipass ist für `{command}` zu alt (Sicherungspunkte kamen mit 1.13).",
    },
    remedy: {
      en: "Linux: `sudo snap refresh multipass`; else install the newest from canonical.com/multipass.",
      de: "Linux: `sudo snap refresh multipass`; sonst installiere das neueste von canonical.com/multipass.",
    },
    until: "Multipass 1.12",
  },
];
