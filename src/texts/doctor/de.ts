import type { doctorEn } from "./en.ts";

export const doctorDe: typeof doctorEn = {
  topics: {
    computer: "Dieser Computer",
    embedded: "Backend embedded: modellierte Maschinen in diesem Programm",
    multipass: "Backend multipass: virtuelle Maschinen auf diesem Computer",
    ssh: "Backend ssh: deine eigenen Maschinen",
  },
  statuses: { ok: "ok", warn: "Hinweis", fail: "fehlt", unknown: "unbekannt" },
  ready: (backend) => `${backend}: bereit`,
  readyWithNotes: (backend, ids) => `${backend}: bereit; einen Blick wert: ${ids}`,
  notReady: (backend, ids) => `${backend}: nicht bereit: ${ids}`,
  more: (backend) => `Alles zu einem davon: wasm-k8s-lab doctor --backend ${backend}`,
  found: "gefunden",
  version: (version) => `Version ${version}`,
  node: (version, needed) => [
    `Version ${version}, nötig ist ${needed}`,
    `Installiere Node ${needed} oder neuer von nodejs.org oder mit deiner Versionsverwaltung (\`nvm install --lts\`).`,
  ],
  folder: (path) => [
    `in ${path} kann nicht geschrieben werden`,
    "Setze WASM_K8S_LAB_HOME auf einen Ordner, in den du schreiben darfst.",
  ],
  space: (megabytes) => [
    `für den Stand des Labs sind ${megabytes} MB frei; ein gespielter Kurs braucht bis zu 200 MB`,
    "Schaff Platz, oder setze WASM_K8S_LAB_HOME auf einen Ordner auf einer anderen Platte.",
  ],
  networkFolder: (kind) => [
    `der Ordner für den Stand liegt auf der Platte eines anderen Computers (${kind}): langsam, und Sperren halten dort nicht immer`,
    "Setze WASM_K8S_LAB_HOME auf einen Ordner auf einer Platte dieses Computers.",
  ],
  terminal: (size, colors) => `${size}, ${colors > 2 ? "in Farbe" : "ohne Farben"}`,
  noTerminal: ["kein Terminal", "In einem Terminal hat der Kurs Fenster; ohne eines nimm `start --plain`."],
  dumbTerminal: ["TERM=dumb", "Nimm `start --plain`, das Zeile für Zeile arbeitet."],
  smallTerminal: (size) => [
    `${size}; der Kurs will mindestens 60x20`,
    "Mach das Fenster größer, oder nimm `start --plain`.",
  ],
  oldConsole: (size) => [
    `${size}, in der alten Konsole von Windows`,
    "Windows Terminal (`winget install Microsoft.WindowsTerminal`) zeigt es besser.",
  ],
  multiplexer: (name, term) => `in ${name} (TERM=${term})`,
  wrongTerm: (name, term) => [
    `in ${name}, aber TERM=${term}: Zeilen können an falscher Stelle stehen`,
    `Überlass TERM ${name}: Nimm \`export TERM=…\` aus den Startdateien deiner Shell.`,
  ],
  slowEscape: (ms) => [
    `tmux hält Esc ${ms} ms lang zurück; die Tasten des Kurses beginnen mit Esc`,
    "`tmux set -s escape-time 20`, und dasselbe in ~/.tmux.conf.",
  ],
  characters: (locale) => [
    `die Locale ist ${locale === "" ? "nicht gesetzt" : locale}: Rahmen und Umlaute können falsch aussehen`,
    "`export LANG=C.UTF-8`, oder stell das Terminal auf UTF-8.",
  ],
  clockBehind: (today) => [
    `heute ist der ${today}, sagt dieser Computer: Das kann nicht sein`,
    "Stell die Uhr; mit einer falschen ist kein Zertifikat gültig.",
  ],
  clockAlone: (today) => [
    `${today}, mit keinem Zeitserver verglichen`,
    "`sudo timedatectl set-ntp true`; die Zertifikate eines Clusters hängen von der Zeit ab.",
  ],
  noTool: (name) => [
    "nicht gefunden",
    `Nur nötig, um den Cluster von diesem Computer aus zu erreichen; die Maschinen haben ihr eigenes ${name}.`,
  ],
  portsFree: (ports) => `${ports} sind frei`,
  portsTaken: (ports) => `${ports}: belegt; andere vertreten sie, und der Kurs nennt diese`,
  noSsh: (platform) => [
    "nicht gefunden",
    platform === "win32"
      ? "Einstellungen, System, Optionale Features: OpenSSH-Client hinzufügen."
      : "Installiere den OpenSSH-Client (`sudo apt-get install -y openssh-client`).",
  ],
  agentKeys: (keys) => (keys === 1 ? "ein Schlüssel im Agenten" : `${keys} Schlüssel im Agenten`),
  noKeys: [
    "kein Schlüssel in ~/.ssh und keiner in einem Agenten",
    "`ssh-keygen -t ed25519`, dann `ssh-copy-id BENUTZER@ADRESSE` für jede Maschine.",
  ],
  noInventory: [
    "noch sind keine Maschinen genannt",
    "Schreib ihre Adressen auf und gib diese Datei einmal an: `wasm-k8s-lab up --backend ssh --inventory lab.yaml`.",
  ],
  noMultipass: (platform) => [
    "nicht installiert",
    platform === "darwin"
      ? "`brew install --cask multipass`, oder das Paket von canonical.com/multipass."
      : platform === "win32"
        ? "Installiere es von canonical.com/multipass (es fragt nach einem Administrator)."
        : "`sudo snap install multipass` (ohne snap installiere zuerst snapd).",
  ],
  oldMultipass: (version) => [
    `Version ${version}, nötig ist 1.13 oder neuer`,
    "`sudo snap refresh multipass`, oder das neueste Paket von canonical.com/multipass.",
  ],
  newMultipass: (version) => [
    `Version ${version}, neuer als das, wofür dieses Programm geschrieben ist (1.13 bis 1.17)`,
    "Wahrscheinlich geht es trotzdem. Wenn nicht, suche ein neueres wasm-k8s-lab.",
  ],
  noService: (platform) => [
    "der Dienst von Multipass antwortet nicht",
    platform === "darwin"
      ? "`sudo launchctl kickstart -k system/com.canonical.multipassd`, dann warte eine halbe Minute."
      : platform === "win32"
        ? "Als Administrator: `Start-Service Multipass`, dann warte eine halbe Minute."
        : "`sudo snap start multipass`, dann warte eine halbe Minute.",
  ],
  serviceAnswers: "antwortet",
  oldDriver: (driver) => [
    `${driver}, das Multipass aufgibt`,
    "`multipass set local.driver=qemu` (frühere Maschinen bleiben beim alten).",
  ],
  lostMachine: (name) => [
    `Multipass hat ${name} aus den Augen verloren (Unknown), wie nach Absturz oder Ruhezustand`,
    `\`multipass stop --force ${name}\`, dann starte das Lab wieder.`,
  ],
  deletedMachine: (name) => [
    `${name} ist gelöscht, aber nicht endgültig: Die Platte ist noch belegt`,
    `\`multipass recover ${name}\` holt sie zurück, \`multipass delete --purge ${name}\` entfernt sie.`,
  ],
  multipassLate: [
    "keine Antwort innerhalb von acht Sekunden",
    "Es startet vielleicht oder hängt: `sudo snap restart multipass`, unter macOS und Windows starte seinen Dienst neu.",
  ],
  multipassSays: (words) => [`es sagt: ${words}`, "Siehe canonical.com/multipass/docs, Troubleshooting."],
  noMultipassHere: (platform) => [
    `Multipass läuft nicht unter ${platform}`,
    "Nimm das Backend embedded, oder ssh mit Maschinen anderswo.",
  ],
  kvmForService: "/dev/kvm (für den Dienst; du selbst brauchst keinen Zugriff)",
  insideWindows: [
    "das ist das Linux in Windows (WSL), wo Multipass nicht hingehört",
    "Installiere Multipass und ruf dieses Programm in Windows selbst auf, oder nimm das Backend embedded.",
  ],
  chromebook: [
    "das Linux eines Chromebooks hat kein /dev/kvm für eigene virtuelle Maschinen",
    "Nimm das Backend embedded, oder ssh mit Maschinen anderswo.",
  ],
  container: [
    "das ist ein Container ohne /dev/kvm",
    "Ruf es auf dem Computer selbst auf, oder nimm das Backend embedded.",
  ],
  noKvmModule: (name) => [
    "der Prozessor könnte es, aber /dev/kvm ist nicht da",
    `\`sudo modprobe ${name}\`; wird das abgelehnt, schalte die Virtualisierung in der Firmware (BIOS) ein.`,
  ],
  virtualMachine: [
    "das ist selbst eine virtuelle Maschine, ohne verschachtelte Virtualisierung",
    "Schalte die verschachtelte Virtualisierung dort ein, wo sie läuft, oder nimm das Backend embedded oder ssh.",
  ],
  noVirtualization: [
    "der Prozessor bietet keine, oder die Firmware verbirgt sie",
    "Schalte VT-x oder AMD-V (SVM) in der Firmware (BIOS) ein, oder nimm das Backend embedded oder ssh.",
  ],
  oldMac: ["dieser Mac kann keine virtuellen Maschinen ausführen", "Nimm das Backend embedded oder ssh."],
  unknownMac: ["war nicht herauszufinden", "`sysctl kern.hv_support` sollte 1 sagen."],
  rosetta: [
    "dieses Node ist für Intel gebaut und läuft auf Apple-Chips übersetzt: langsam, und es hält den Computer für amd64",
    "Installiere Node für arm64.",
  ],
  unknownWindows: ["war nicht herauszufinden", "Task-Manager, Leistung, CPU: Virtualisierung sollte Aktiviert sein."],
  firmwareOff: [
    "die Virtualisierung ist in der Firmware ausgeschaltet",
    "Schalte sie dort ein (BIOS oder UEFI): Intel VT-x, AMD SVM.",
  ],
  windowsHome: [
    "Windows Home hat kein Hyper-V",
    "Installiere VirtualBox, dann `multipass set local.driver=virtualbox`; oder nimm das Backend embedded.",
  ],
  hyperVOff: [
    "Hyper-V ist ausgeschaltet",
    "Als Administrator: `Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All`, dann neu starten.",
  ],
  arm: "arm64: Die Maschinen starten arm64-Images, und für sie ist alles da",
  architecture: (have, known) => [
    `${have}; das Profil gibt es für ${known}`,
    "Nimm das Backend embedded, oder das andere Profil.",
  ],
  memory: (have, needed) => `${have} GiB; die Maschinen nehmen ${needed} GiB`,
  littleMemory: (have, needed) => [
    `dieser Computer hat insgesamt ${have} GiB; die Maschinen nehmen ${needed} GiB, und eines braucht er selbst`,
    "Nimm das Backend embedded, oder ssh mit Maschinen anderswo.",
  ],
  usedMemory: (free, needed) => [
    `frei sind jetzt ${free} GiB; die Maschinen nehmen ${needed} GiB`,
    "Schließ vorher andere Programme und virtuelle Maschinen; bei zu wenig Speicher hängen Maschinen.",
  ],
  disk: (free, needed) => `${free} GiB frei; die Maschinen können ${needed} GiB nehmen`,
  littleDisk: (free, needed) => [
    `wo Multipass Maschinen hält, sind ${free} GiB frei; sie können ${needed} GiB nehmen`,
    "Schaff Platz. `multipass list` zeigt vergessene Maschinen; ist die Platte voll, hängen alle.",
  ],
  unknownDisk: (needed) => [
    "war nicht herauszufinden",
    `Sieh nach, ob ${needed} GiB frei sind, wo Multipass seine Maschinen hält.`,
  ],
  allMade: "die Maschinen gibt es schon",
  sizes: (machines, cpus, release) => `${machines} mit Ubuntu ${release}, je ${cpus} Prozessoren`,
  snapHome: (home) => [
    `der Snap von Multipass lehnt Home-Verzeichnisse außerhalb von /home ab, deines ist ${home}`,
    "`sudo snap set system homedirs=ORDNER`, mit dem Ordner, in dem die Home-Verzeichnisse liegen.",
  ],
  snapFolder: (folder) =>
    `der Snap von Multipass sieht ${folder} nicht; das Lab gibt Dateien ohne das weiter, \`multipass transfer\` von Hand ginge nicht`,
  noVpn: "keines",
  quietVpn: (names) => `${names}, aber ins Internet geht es nicht darüber`,
  vpn: (name) => [
    `${name} nimmt allen Verkehr: Maschinen bekommen vielleicht keine Antwort, und dieser Computer erreicht sie vielleicht nicht`,
    "Trenn es, während die Maschinen entstehen, oder erlaube in seinen Einstellungen lokale Netze (Split-Tunneling).",
  ],
  dockerUnknown: [
    "Docker ist da; vielleicht verwirft es die Pakete der Maschinen, und nur root kann das sehen",
    "Kommen Maschinen nicht ins Internet: `sudo iptables -I DOCKER-USER -i mpqemubr0 -j ACCEPT`, und dasselbe mit `-o`.",
  ],
  dockerDrops: [
    "Docker verwirft die Pakete der Maschinen: Sie kämen nicht ins Internet",
    "`sudo iptables -I DOCKER-USER -i mpqemubr0 -j ACCEPT`, und dasselbe mit `-o` (nach jedem Neustart wieder).",
  ],
  dockerLets: "Docker ist da und lässt die Pakete der Maschinen durch",
  ufwDrops: [
    "ufw ist an und leitet nichts weiter: Maschinen bekämen keine Adresse oder kein Internet",
    "`sudo ufw allow in on mpqemubr0`, `sudo ufw route allow in on mpqemubr0`, `sudo ufw route allow out on mpqemubr0`.",
  ],
  ufwLets: "ufw ist an und leitet weiter",
  subnetClash: (name, own, network, of) => [
    `${name} ist in ${own}, und der Cluster nimmt ${network} für seine ${of === "pods" ? "Pods" : "Services"}: Die Maschinen könnten diesem Netz nicht antworten`,
    "Nimm ein anderes Netz (den Hotspot eines Telefons, ein anderes WLAN), oder das Backend embedded.",
  ],
  bridgeClash: (name, own, bridge, network) => [
    `${name} (${own}) und ${bridge} von Multipass (${network}) haben dieselben Adressen: Dieser Computer sucht Maschinen vielleicht am falschen Ort`,
    "Verlass dieses Netz oder VPN, solange du das Lab benutzt.",
  ],
  noSubnetClash: "keines stößt mit denen des Clusters zusammen",
  localNetwork: [
    "macOS fragt bei jedem Terminal, ob es das lokale Netzwerk benutzen darf; nachsehen kann das niemand",
    "Sagen Maschinen `No route to host`: Systemeinstellungen, Datenschutz & Sicherheit, Lokales Netzwerk: dein Terminal erlauben und neu starten.",
  ],
  tahoe: (version) => [
    `Multipass ${version} und macOS 26 nehmen vielleicht dasselbe Netz (192.168.2.0/24)`,
    "Installiere Multipass 1.16.2 oder neuer.",
  ],
  defaultSwitch: [
    "Hyper-V gibt den Maschinen nach jedem Neustart von Windows andere Adressen, und ein Cluster behält seine alten",
    "Beende ein Lab, bevor du Windows neu startest, oder beginne es danach mit `wasm-k8s-lab reset` neu.",
  ],
  proxy: (name, address, platform) => [
    `${name}=${address} ist in dieser Shell gesetzt; weder der Dienst von Multipass noch die Maschinen sehen das`,
    platform === "linux"
      ? `\`sudo snap set system proxy.https=${address}\` für den Dienst; die Maschinen brauchen direktes Internet, oder \`--offline\` mit einem Bundle.`
      : "Stell ihn beim Dienst von Multipass ein; die Maschinen brauchen direktes Internet, oder `--offline` mit einem Bundle.",
  ],
};
