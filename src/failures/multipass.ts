import type { Failure } from "./failure.ts";
import { multipassHost } from "./multipass-host.ts";

/** Machines of Multipass and their states. */
const machines: readonly Failure[] = [
  {
    id: "multipass-machine-missing",
    signatures: [
      /instance "(?<name>[\w-]{1,80})" does not exist/,
      /instance\(s\) missing Instance '(?<name>[\w-]{1,80})' does not exist/,
    ],
    meaning: {
      en: "Multipass has no machine named {name}: it was removed outside this program.",
      de: "Multipass hat keine Maschine namens {name}: Sie wurde außerhalb dieses Programms entfernt.",
    },
    remedy: {
      en: "`wasm-k8s-lab up --backend multipass` makes it again; `multipass list` shows all.",
      de: "`wasm-k8s-lab up --backend multipass` legt sie wieder an; `multipass list` zeigt alle.",
    },
  },
  {
    id: "multipass-machine-deleted",
    signatures: [
      /instance "(?<name>[\w-]{1,80})" is deleted/,
      /Instance '(?<name>[\w-]{1,80})' is deleted\. Use 'recover' to recover it/,
    ],
    meaning: {
      en: "{name} was deleted but not purged: its name and its disk are still taken.",
      de: "{name} wurde gelöscht, aber nicht endgültig: Name und Platte sind noch belegt.",
    },
    remedy: {
      en: "`multipass recover {name}` brings it back, `multipass delete --purge {name}` removes it. Not plain `multipass purge`: it takes everybody's.",
      de: "`multipass recover {name}` holt sie zurück, `multipass delete --purge {name}` entfernt sie. Nicht nur `multipass purge`: Das trifft alle.",
    },
  },
  {
    id: "multipass-name-taken",
    signatures: [/instance "(?<name>[\w-]{1,80})" already exists/],
    meaning: {
      en: "There is a machine named {name} already; a deleted one counts until it is purged.",
      de: "Es gibt schon eine Maschine namens {name}; auch eine gelöschte zählt, bis sie endgültig weg ist.",
    },
    remedy: {
      en: "`multipass list` shows its state; `multipass recover {name}` or `multipass delete --purge {name}`.",
      de: "`multipass list` zeigt ihren Zustand; `multipass recover {name}` oder `multipass delete --purge {name}`.",
    },
  },
  {
    id: "multipass-being-prepared",
    signatures: [/instance "(?<name>[\w-]{1,80})" is being prepared/],
    meaning: {
      en: "Multipass is still making {name}; the one who asked for it may have gone, the work goes on.",
      de: "Multipass legt {name} noch an; wer es angefordert hat, mag fort sein, die Arbeit läuft weiter.",
    },
    remedy: { en: "Wait and look at `multipass list`.", de: "Warte und sieh mit `multipass list` nach." },
  },
  {
    id: "multipass-name-invalid",
    signatures: [/Invalid instance name supplied: (?<name>[^ ]{1,80})/],
    meaning: {
      en: "`{name}` cannot name a machine: letters, digits and hyphens, a letter first, no hyphen last.",
      de: "`{name}` taugt nicht als Name: Buchstaben, Ziffern und Bindestriche, zuerst ein Buchstabe, zuletzt kein Bindestrich.",
    },
    remedy: { en: "Choose another name.", de: "Nimm einen anderen Namen." },
  },
  {
    id: "multipass-memory-size",
    signatures: [/Invalid memory size value supplied: (?<size>[^ ]{1,40}?)\.(?: |$)/],
    meaning: {
      en: "{size} of memory is too little: Multipass wants 128M, from 1.17 on 512M, and Kubernetes more.",
      de: "{size} Arbeitsspeicher ist zu wenig: Multipass will 128M, ab 1.17 512M, und Kubernetes mehr.",
    },
    remedy: { en: "Give 2G for master, 1G for a worker.", de: "Gib master 2G, einem Worker 1G." },
  },
  {
    id: "multipass-disk-size",
    signatures: [/Invalid disk size value supplied: (?<size>[^ ]{1,40}?)\.(?: |$)/],
    meaning: {
      en: "A disk of {size} is too small: Multipass wants 512M, from 1.17 on 1G, and Kubernetes ten times that.",
      de: "Eine Platte von {size} ist zu klein: Multipass will 512M, ab 1.17 1G, und Kubernetes zehnmal so viel.",
    },
    remedy: { en: "Give 10G or more.", de: "Gib 10G oder mehr." },
  },
  {
    id: "multipass-size-format",
    signatures: [/(?<size>[^ ]{1,40}) is not a valid memory size/],
    meaning: { en: "`{size}` is no size.", de: "`{size}` ist keine Größenangabe." },
    remedy: {
      en: "A number with K, M or G, such as `2G` or `1536M`.",
      de: "Eine Zahl mit K, M oder G, etwa `2G` oder `1536M`.",
    },
  },
  {
    id: "multipass-network-invalid",
    signatures: [/Invalid network options(?: supplied|\. To troubleshoot)/],
    meaning: {
      en: "Multipass cannot connect a machine to the network that `--network` names.",
      de: "Multipass kann keine Maschine mit dem Netz verbinden, das `--network` nennt.",
    },
    remedy: { en: "`multipass networks` lists those there are.", de: "`multipass networks` listet die vorhandenen." },
  },
  {
    id: "multipass-cpus-invalid",
    signatures: [/invalid CPU count '(?<count>[^']{1,40})', need a positive integer value/],
    meaning: { en: "`{count}` is no number of processors.", de: "`{count}` ist keine Anzahl von Prozessoren." },
    remedy: { en: "Give a whole number, such as `--cpus 2`.", de: "Gib eine ganze Zahl an, etwa `--cpus 2`." },
  },
  {
    id: "multipass-timeout-invalid",
    signatures: [/--timeout value has to be a positive integer/],
    meaning: { en: "`--timeout` takes whole seconds.", de: "`--timeout` nimmt ganze Sekunden." },
    remedy: { en: "For example `--timeout 1200`.", de: "Zum Beispiel `--timeout 1200`." },
  },
  {
    id: "multipass-cloud-init-file",
    signatures: [
      /Could not load cloud-init configuration: bad file: (?<file>[^ ]{1,160})/,
      /error loading cloud-init config: bad file:? ?(?<file>[^ ]{0,160})/,
    ],
    meaning: {
      en: "Multipass may not read {file}: as a snap it sees your home only, and no folder there that begins with a dot.",
      de: "Multipass darf {file} nicht lesen: Als Snap sieht es nur dein Home-Verzeichnis, und darin keinen Ordner, der mit einem Punkt beginnt.",
    },
    remedy: {
      en: "Pipe it in: `multipass launch --cloud-init - … < FILE`.",
      de: "Gib sie über die Standardeingabe: `multipass launch --cloud-init - … < DATEI`.",
    },
    discussion: "canonical/multipass#3693",
  },
  {
    id: "multipass-cloud-init-yaml",
    signatures: [
      /Could not load cloud-init configuration: yaml-cpp: error at line (?<line>\d+), column (?<column>\d+)/,
    ],
    meaning: {
      en: "The cloud-init file is no YAML from line {line}, column {column} on.",
      de: "Die cloud-init-Datei ist ab Zeile {line}, Spalte {column} kein YAML.",
    },
    remedy: {
      en: "Look there for a tab, a missing colon or quotation mark.",
      de: "Sieh dort nach einem Tabulator, einem fehlenden Doppelpunkt oder Anführungszeichen.",
    },
  },
  {
    id: "multipass-mount-source",
    signatures: [/Mount source path "(?<path>[^"]{1,160})" (?:does not exist|is not a directory|is not readable)/],
    meaning: {
      en: "Multipass cannot mount {path}: it is no folder that Multipass can see.",
      de: "Multipass kann {path} nicht einhängen: Es ist kein Ordner, den Multipass sieht.",
    },
    remedy: {
      en: "Use a folder in your home whose name does not begin with a dot.",
      de: "Nimm einen Ordner in deinem Home-Verzeichnis, dessen Name nicht mit einem Punkt beginnt.",
    },
  },
  {
    id: "multipass-mounts-disabled",
    signatures: [/Mounts are disabled on this installation of Multipass/],
    meaning: {
      en: "This Multipass does not mount folders (on Windows that is off at first).",
      de: "Dieses Multipass hängt keine Ordner ein (unter Windows ist das anfangs aus).",
    },
    remedy: {
      en: "The lab needs none; else `multipass set local.privileged-mounts=true`.",
      de: "Das Lab braucht keine; sonst `multipass set local.privileged-mounts=true`.",
    },
  },
  {
    id: "multipass-sshfs-missing",
    signatures: [
      /Error enabling mount support in '(?<name>[\w-]{1,80})'/,
      /install the 'multipass-sshfs' snap manually inside (?<name>the instance)/,
    ],
    meaning: {
      en: "Mounting needs the snap multipass-sshfs inside {name}, and it could not be installed there.",
      de: "Zum Einhängen gehört der Snap multipass-sshfs in {name}, und er ließ sich dort nicht installieren.",
    },
    remedy: {
      en: "The lab needs no mounts; else see whether the machine reaches the internet.",
      de: "Das Lab braucht nichts Eingehängtes; sonst prüfe, ob die Maschine ins Internet kommt.",
    },
  },
  {
    id: "multipass-no-answer",
    signatures: [
      /(?<name>[A-Za-z][\w-]{0,80}): timed out waiting for response/,
      /(?<name>instance) .{0,40}timed out waiting for response/,
    ],
    meaning: {
      en: "{name} was started, but nobody could reach it within five minutes: it got no address, or a VPN, firewall or a clash of subnets stands between. Waiting does not help.",
      de: "{name} wurde gestartet, war aber fünf Minuten lang nicht zu erreichen: Sie bekam keine Adresse, oder ein VPN, eine Firewall oder zwei gleiche Subnetze stehen dazwischen. Warten hilft nicht.",
    },
    remedy: {
      en: "Switch the VPN off, then `multipass stop --force {name} && multipass start {name}`; `wasm-k8s-lab doctor --backend multipass` looks for the rest.",
      de: "Schalte das VPN aus, dann `multipass stop --force {name} && multipass start {name}`; den Rest sucht `wasm-k8s-lab doctor --backend multipass`.",
    },
    discussion: "canonical/multipass#2687",
  },
  {
    id: "multipass-slow-initialization",
    signatures: [/timed out waiting for initialization to complete/],
    meaning: {
      en: "The machine runs, and its first setup (cloud-init) takes longer than Multipass waits. It goes on in the background.",
      de: "Die Maschine läuft, nur ihre Ersteinrichtung (cloud-init) dauert länger, als Multipass wartet. Sie geht im Hintergrund weiter.",
    },
    remedy: {
      en: "Start the lab again, it takes up what is there; `tail /var/log/cloud-init-output.log` in the machine shows how far it is.",
      de: "Starte das Lab noch einmal, es macht mit dem Vorhandenen weiter; `tail /var/log/cloud-init-output.log` in der Maschine zeigt den Stand.",
    },
    discussion: "canonical/multipass#1039",
  },
  {
    id: "multipass-client-timeout",
    signatures: [/Timed out waiting for instance (?<what>launch|to start|to restart)/],
    meaning: {
      en: "`--timeout` ran out ({what}), download included. Multipass itself goes on.",
      de: "`--timeout` ist abgelaufen ({what}), das Herunterladen eingerechnet. Multipass selbst macht weiter.",
    },
    remedy: {
      en: "Look at `multipass list` in a while, or start the lab again.",
      de: "Sieh später mit `multipass list` nach, oder starte das Lab noch einmal.",
    },
  },
  {
    id: "multipass-stopped-while-starting",
    signatures: [
      /Instance stopped while starting/,
      /qemu quit unexpectedly with exit code \d+/,
      /failed to start qemu instance/,
    ],
    meaning: {
      en: "The machine ended while it booted: too little memory on this computer, a damaged image, or another hypervisor in the way.",
      de: "Die Maschine endete beim Starten: zu wenig Speicher auf diesem Computer, ein beschädigtes Image oder ein anderer Hypervisor im Weg.",
    },
    remedy: {
      en: "Close other virtual machines; the log says more: `snap logs multipass` (Linux), /Library/Logs/Multipass/multipassd.log (macOS).",
      de: "Schließ andere virtuelle Maschinen; mehr sagt das Protokoll: `snap logs multipass` (Linux), /Library/Logs/Multipass/multipassd.log (macOS).",
    },
  },
  {
    id: "multipass-unknown-state",
    signatures: [
      /Instance '(?<name>[\w-]{1,80})' is already running, but in an unknown state\. Try to stop it first/,
      /Cannot retrieve credentials in (?<name>unknown state)/,
    ],
    meaning: {
      en: "Multipass has lost touch with the machine ({name}), as happens when the computer slept or crashed.",
      de: "Multipass hat die Maschine aus den Augen verloren ({name}), wie nach Ruhezustand oder Absturz des Computers.",
    },
    remedy: {
      en: "`multipass stop --force NAME`, then `multipass start NAME`; where that does not help, `wasm-k8s-lab reset`.",
      de: "`multipass stop --force NAME`, dann `multipass start NAME`; hilft das nicht, `wasm-k8s-lab reset`.",
    },
    discussion: "canonical/multipass#3111",
  },
  {
    id: "multipass-restart-of-stopped",
    signatures: [
      /Instance '(?<name>[\w-]{1,80})' is already running, but in an unknown state\. Try to stop and start it instead/,
      /Instance '(?<name>[\w-]{1,80})' is not running/,
    ],
    meaning: {
      en: "{name} is stopped, and only a running machine can be restarted (Multipass says so misleadingly before 1.17).",
      de: "{name} ist aus, und neu starten lässt sich nur, was läuft (vor 1.17 sagt Multipass das irreführend).",
    },
    remedy: { en: "`multipass start {name}`.", de: "`multipass start {name}`." },
    discussion: "canonical/multipass#4314",
  },
  {
    id: "multipass-cannot-stop",
    signatures: [
      /Cannot shut down instance (?<name>[\w-]{1,80}) while starting/,
      /Cannot shut down suspended instance (?<name>[\w-]{1,80})/,
    ],
    meaning: {
      en: "{name} is starting or suspended, and cannot be shut down in order from there.",
      de: "{name} startet gerade oder ist angehalten und lässt sich so nicht ordentlich herunterfahren.",
    },
    remedy: {
      en: "Wait, or `multipass stop --force {name}` (like pulling the plug).",
      de: "Warte, oder `multipass stop --force {name}` (wie Stecker ziehen).",
    },
  },
  {
    id: "multipass-snapshot-of-running",
    signatures: [/Multipass can only (?<what>take snapshots of|restore snapshots of|clone) stopped instances/],
    meaning: {
      en: "Multipass can only {what} machines that are stopped.",
      de: "Das geht in Multipass nur mit Maschinen, die aus sind ({what}).",
    },
    remedy: { en: "`multipass stop NAME` first.", de: "Zuerst `multipass stop NAME`." },
  },
  {
    id: "multipass-snapshot-exists",
    signatures: [/Snapshot already exists: (?<snapshot>[\w.-]{1,120})/],
    meaning: { en: "There is a snapshot {snapshot} already.", de: "Den Sicherungspunkt {snapshot} gibt es schon." },
    remedy: {
      en: "`multipass delete --purge {snapshot}` removes it, or take another name.",
      de: "`multipass delete --purge {snapshot}` entfernt ihn, oder nimm einen anderen Namen.",
    },
  },
  {
    id: "multipass-snapshot-missing",
    signatures: [/No such snapshot: (?<snapshot>[\w.-]{1,120})/],
    meaning: { en: "There is no snapshot {snapshot}.", de: "Einen Sicherungspunkt {snapshot} gibt es nicht." },
    remedy: { en: "`multipass list --snapshots` lists them.", de: "`multipass list --snapshots` listet sie." },
  },
  {
    id: "multipass-restore-asks",
    signatures: [/Unable to query client for confirmation\. Use '--destructive'/],
    meaning: {
      en: "Restoring throws the machine's present state away, and Multipass wants to hear that said.",
      de: "Beim Zurückholen geht der jetzige Stand der Maschine verloren; das will Multipass bestätigt haben.",
    },
    remedy: {
      en: "`multipass restore --destructive NAME.SNAPSHOT`.",
      de: "`multipass restore --destructive NAME.SNAPSHOT`.",
    },
  },
  {
    id: "multipass-transfer-to-stopped",
    signatures: [/transfer failed: instance "(?<name>[\w-]{1,80})" is not running/],
    meaning: {
      en: "Files only go to machines that run, and a transfer starts none.",
      de: "Dateien gehen nur zu Maschinen, die laufen, und eine Übertragung startet keine.",
    },
    remedy: { en: "`multipass start {name}`, then again.", de: "`multipass start {name}`, dann noch einmal." },
  },
  {
    id: "multipass-inner-options",
    signatures: [/Options to the inner command should come after "--"/],
    meaning: {
      en: "Multipass took an option of the command in the machine for one of its own.",
      de: "Multipass hielt eine Option des Befehls in der Maschine für eine eigene.",
    },
    remedy: {
      en: "Put two hyphens before the command: `multipass exec NAME -- COMMAND --option`.",
      de: "Schreib zwei Bindestriche vor den Befehl: `multipass exec NAME -- BEFEHL --option`.",
    },
  },
  {
    id: "multipass-transfer-denied",
    signatures: [/\[sftp\] cannot open remote file (?<file>[^ ]{1,160}): Permission denied/],
    meaning: {
      en: "Files go over as the user `ubuntu`, who may not write {file}.",
      de: "Dateien gehen als Benutzer `ubuntu` hinüber, und der darf {file} nicht schreiben.",
    },
    remedy: {
      en: "Send it to /tmp, then `multipass exec NAME -- sudo install …`.",
      de: "Schick sie nach /tmp, dann `multipass exec NAME -- sudo install …`.",
    },
  },
  {
    id: "multipass-no-route",
    signatures: [/ssh connection failed: 'No route to host'/],
    meaning: {
      en: "This computer finds no way to the machine. On macOS 15 and newer that mostly means that your terminal may not use the local network.",
      de: "Dieser Computer findet keinen Weg zur Maschine. Ab macOS 15 heißt das meist, dass dein Terminal das lokale Netzwerk nicht benutzen darf.",
    },
    remedy: {
      en: "macOS: System Settings, Privacy & Security, Local Network: allow your terminal, and start it again. Elsewhere: VPN off, `multipass restart NAME`.",
      de: "macOS: Systemeinstellungen, Datenschutz & Sicherheit, Lokales Netzwerk: dein Terminal erlauben und neu starten. Sonst: VPN aus, `multipass restart NAME`.",
    },
    discussion: "canonical/multipass#3766",
  },
  {
    id: "multipass-ssh-down",
    signatures: [
      /ssh connection failed: '(?<reason>Connection refused|Timeout connecting to [\d.]{7,15}|[^']{1,100})'/,
    ],
    meaning: {
      en: "Multipass does not reach the machine's ssh server ({reason}): it is still booting, is overloaded, or its address changed.",
      de: "Multipass erreicht den ssh-Server der Maschine nicht ({reason}): Sie startet noch, ist überlastet oder hat eine andere Adresse.",
    },
    remedy: {
      en: "Wait a minute; then `multipass restart NAME`. A VPN or a firewall may be in the way.",
      de: "Warte eine Minute; dann `multipass restart NAME`. Ein VPN oder eine Firewall kann im Weg sein.",
    },
    discussion: "canonical/multipass#3766",
  },
  {
    id: "multipass-settings-need-stop",
    signatures: [/Cannot update instance settings; instance: (?<name>[\w-]{1,80}); reason: Instance must be stopped/],
    meaning: {
      en: "Processors, memory and disk of {name} change only while it is stopped (and disks only grow).",
      de: "Prozessoren, Speicher und Platte von {name} ändern sich nur, wenn sie aus ist (und Platten wachsen nur).",
    },
    remedy: { en: "`multipass stop {name}` first.", de: "Zuerst `multipass stop {name}`." },
  },
];

/** Multipass itself, its images, and the machines it makes. */
export const multipass: readonly Failure[] = [...multipassHost, ...machines];
