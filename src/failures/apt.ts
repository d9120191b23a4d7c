import type { Failure } from "./failure.ts";

/** Package sources and what apt says about them. */
export const apt: readonly Failure[] = [
  {
    id: "apt-kubernetes-repository-gone",
    signatures: [
      /The repository '?https?:\/\/(?:apt\.kubernetes\.io|packages\.cloud\.google\.com)\/? ?[^ ]{0,60}kubernetes-[a-z]+ Release'? (?:no longer has|does not have) a Release file/,
      /https?:\/\/(?:apt\.kubernetes\.io|packages\.cloud\.google\.com\/apt)[^ ]{0,80}(?: [^ ]{1,60}){0,4} 404 Not Found/,
    ],
    meaning: {
      en: "The package source `apt.kubernetes.io` was switched off on 2024-03-04. Nothing of it is left.",
      de: "Die Paketquelle `apt.kubernetes.io` wurde am 4. März 2024 abgeschaltet. Von ihr ist nichts mehr da.",
    },
    remedy: {
      en: "Remove its line below /etc/apt and use `https://pkgs.k8s.io/core:/stable:/v1.28/deb/ /` (one such source for each minor version) with its key from `Release.key`.",
      de: "Entferne ihre Zeile unter /etc/apt und nimm `https://pkgs.k8s.io/core:/stable:/v1.28/deb/ /` (eine solche Quelle je Minor-Version) mit dem Schlüssel aus `Release.key`.",
    },
    discussion: "kubernetes/release#3485",
  },
  {
    id: "apt-kubernetes-version-gone",
    signatures: [/Version '(?<version>\d+\.\d+\.\d+-00)' for '(?<package>[\w-]+)' was not found/],
    meaning: {
      en: "`{version}` is how the old source `apt.kubernetes.io` counted; that source is gone, and pkgs.k8s.io counts otherwise.",
      de: "`{version}` ist die Zählweise der alten Quelle `apt.kubernetes.io`; die gibt es nicht mehr, und pkgs.k8s.io zählt anders.",
    },
    remedy: {
      en: "List what there is with `apt-cache madison {package}` and ask for it that way, e.g. `1.28.2-1.1`.",
      de: "`apt-cache madison {package}` listet, was es gibt; verlange es so, z. B. `1.28.2-1.1`.",
    },
    discussion: "kubernetes/release#3485",
  },
  {
    id: "apt-version-unknown",
    signatures: [/Version '(?<version>[^']{1,80})' for '(?<package>[^']{1,80})' was not found/],
    meaning: {
      en: "None of the package sources has {package} in version {version}.",
      de: "Keine der Paketquellen hat {package} in Version {version}.",
    },
    remedy: {
      en: "`apt-cache madison {package}` lists the versions there are; `sudo apt-get update` reads the sources anew.",
      de: "`apt-cache madison {package}` listet die Versionen, die es gibt; `sudo apt-get update` liest die Quellen neu ein.",
    },
  },
  {
    id: "apt-kubernetes-key-expired",
    signatures: [/EXPKEYSIG 234654DA9A296436/],
    meaning: {
      en: "The key that signs pkgs.k8s.io has expired in the copy that is stored here. It is extended from time to time, and only newly fetched copies know that.",
      de: "Der Schlüssel, der pkgs.k8s.io signiert, ist in der hier gespeicherten Kopie abgelaufen. Er wird von Zeit zu Zeit verlängert, und nur frisch geholte Kopien wissen das.",
    },
    remedy: {
      en: "Fetch the key again, from the newest minor version: `curl -fsSL https://pkgs.k8s.io/core:/stable:/v1.36/deb/Release.key | sudo gpg --dearmor --yes -o /etc/apt/keyrings/kubernetes-apt-keyring.gpg`; the source's own line can stay.",
      de: "Hole den Schlüssel neu, von der neuesten Minor-Version: `curl -fsSL https://pkgs.k8s.io/core:/stable:/v1.36/deb/Release.key | sudo gpg --dearmor --yes -o /etc/apt/keyrings/kubernetes-apt-keyring.gpg`; die Zeile der Quelle kann bleiben.",
    },
    discussion: "kubernetes/kubernetes#128567",
  },
  {
    id: "apt-key-expired",
    signatures: [/EXPKEYSIG (?<key>[0-9A-F]{8,40})/],
    meaning: {
      en: "The stored key {key}, which signs this package source, has expired.",
      de: "Der gespeicherte Schlüssel {key}, der diese Paketquelle signiert, ist abgelaufen.",
    },
    remedy: {
      en: "Fetch the source's key again; if it still says so, this computer's clock may be wrong (`timedatectl`).",
      de: "Hole den Schlüssel der Quelle neu; hilft das nicht, geht vielleicht die Uhr falsch (`timedatectl`).",
    },
    discussion: "kubernetes/release#3818",
  },
  {
    id: "apt-key-missing",
    signatures: [/NO_PUBKEY (?<key>[0-9A-F]{8,40})/],
    meaning: {
      en: "The key {key} that signs a package source is not stored here, so apt trusts nothing of it.",
      de: "Der Schlüssel {key}, der eine Paketquelle signiert, ist hier nicht gespeichert; darum traut apt ihr nicht.",
    },
    remedy: {
      en: "Store the source's `Release.key` below /etc/apt/keyrings (`gpg --dearmor`) and name that file in `signed-by=`.",
      de: "Lege den `Release.key` der Quelle unter /etc/apt/keyrings ab (`gpg --dearmor`) und nenne diese Datei in `signed-by=`.",
    },
  },
  {
    id: "apt-key-command-gone",
    signatures: [/apt-key: (?:command )?not found/],
    meaning: {
      en: "There is no `apt-key` after Ubuntu 24.04 and Debian 12: a key no longer counts for every source.",
      de: "`apt-key` gibt es nach Ubuntu 24.04 und Debian 12 nicht mehr: Ein Schlüssel gilt nicht mehr für alle Quellen.",
    },
    remedy: {
      en: "Store the key as /etc/apt/keyrings/NAME.gpg (`gpg --dearmor`) and name it in the source: `deb [signed-by=/etc/apt/keyrings/NAME.gpg] …`.",
      de: "Lege den Schlüssel als /etc/apt/keyrings/NAME.gpg ab (`gpg --dearmor`) und nenne ihn in der Quelle: `deb [signed-by=/etc/apt/keyrings/NAME.gpg] …`.",
    },
    since: "Ubuntu 24.10",
  },
  {
    id: "apt-kubic-key-address",
    signatures: [
      /download\.opensuse\.org\/repositories\/devel:kubic:[^ ]{1,200} .{0,160}\b404\b/,
      /\b404\b.{0,160}download\.opensuse\.org\/repositories\/devel:kubic:/,
    ],
    meaning: {
      en: "The key's address lacks its slashes: the openSUSE build service answers 404 to `devel:kubic:…`.",
      de: "In der Adresse des Schlüssels fehlen die Schrägstriche: Auf `devel:kubic:…` antwortet der Build-Dienst von openSUSE mit 404.",
    },
    remedy: {
      en: "Write a slash after each colon: `devel:/kubic:/libcontainers:/stable:/cri-o:/1.24/…/Release.key`.",
      de: "Schreib hinter jeden Doppelpunkt einen Schrägstrich: `devel:/kubic:/libcontainers:/stable:/cri-o:/1.24/…/Release.key`.",
    },
    discussion: "cri-o/cri-o#6402",
  },
  {
    id: "apt-kubic-system",
    signatures: [
      /devel:\/kubic:\/[^ ]{1,160}?\/(?<system>xUbuntu_\d\d\.\d\d)[ /].{0,160}(?:\b404\b|Release file)/,
      /\b404\b.{0,160}devel:\/kubic:\/[^ ]{1,160}?\/(?<system>xUbuntu_\d\d\.\d\d)/,
    ],
    meaning: {
      en: "The old CRI-O source was never built for this system ({system}), or no longer is.",
      de: "Die alte CRI-O-Quelle wurde für dieses System ({system}) nie gebaut oder wird es nicht mehr.",
    },
    remedy: {
      en: "Use `https://download.opensuse.org/repositories/isv:/cri-o:/stable:/v1.36/deb/ /`, which serves every Ubuntu, or CRI-O's static bundle.",
      de: "Nimm `https://download.opensuse.org/repositories/isv:/cri-o:/stable:/v1.36/deb/ /`, die für jedes Ubuntu gilt, oder das statische Paket von CRI-O.",
    },
    discussion: "cri-o/cri-o#8314",
  },
  {
    id: "apt-release-not-yet-valid",
    signatures: [/Release file for (?<source>[^ ]{1,160}) is not valid yet/],
    meaning: {
      en: "The source {source} is signed with a date that lies ahead of this machine's clock: the clock is slow.",
      de: "Die Quelle {source} ist mit einem Datum signiert, das für diese Maschine in der Zukunft liegt: Ihre Uhr geht nach.",
    },
    remedy: {
      en: "`timedatectl` shows the clock; a virtual machine that slept is set right by `sudo systemctl restart systemd-timesyncd` or a restart.",
      de: "`timedatectl` zeigt die Uhr; eine virtuelle Maschine, die geschlafen hat, stellt `sudo systemctl restart systemd-timesyncd` oder ein Neustart.",
    },
  },
  {
    id: "apt-repository-without-release",
    signatures: [/The repository '(?<source>[^']{1,200})' (?:no longer has|does not have) a Release file/],
    meaning: {
      en: "There is no package source at `{source}`: it has moved, has ended, or does not know this Ubuntu.",
      de: "Unter `{source}` gibt es keine Paketquelle: Sie ist umgezogen, eingestellt oder kennt dieses Ubuntu nicht.",
    },
    remedy: {
      en: "Compare the address in /etc/apt/sources.list.d with the project's instructions of today.",
      de: "Vergleiche die Adresse in /etc/apt/sources.list.d mit der heutigen Anleitung des Projekts.",
    },
  },
  {
    id: "apt-locked",
    signatures: [/Could not get lock (?<file>\/var\/[\w./-]{1,80})/],
    meaning: {
      en: "Another package manager is at work and holds {file}; on a new machine that is the nightly update, which also runs at the first boot.",
      de: "Eine andere Paketverwaltung arbeitet gerade und hält {file}; auf einer neuen Maschine ist das die nächtliche Aktualisierung, die auch beim ersten Start läuft.",
    },
    remedy: {
      en: "Wait for it: `sudo apt-get -o DPkg::Lock::Timeout=300 …`. Removing the file breaks packages.",
      de: "Warte darauf: `sudo apt-get -o DPkg::Lock::Timeout=300 …`. Wer die Datei löscht, macht Pakete kaputt.",
    },
    discussion: "canonical/multipass#832",
  },
  {
    id: "apt-interrupted",
    signatures: [/dpkg was interrupted, you must manually run/],
    meaning: {
      en: "An installation before was cut off and left packages half done.",
      de: "Eine Installation davor wurde abgebrochen und hat halbfertige Pakete hinterlassen.",
    },
    remedy: {
      en: "`sudo dpkg --configure -a` finishes them.",
      de: "`sudo dpkg --configure -a` macht sie fertig.",
    },
  },
  {
    id: "apt-package-unknown",
    signatures: [/E: Unable to locate package (?<package>[\w.+-]{1,80})/],
    meaning: {
      en: "No package source that apt has read knows {package}.",
      de: "Keine Paketquelle, die apt eingelesen hat, kennt {package}.",
    },
    remedy: {
      en: "`sudo apt-get update` first; then see with `apt-cache policy` whether the source that has it is there.",
      de: "Zuerst `sudo apt-get update`; dann zeigt `apt-cache policy`, ob die Quelle dabei ist, die es hat.",
    },
  },
  {
    id: "apt-host-unresolved",
    signatures: [/(?:Temporary failure|Could not) (?:resolving|resolve) '(?<host>[\w.-]{1,120})'/],
    meaning: {
      en: "This machine finds no address for {host}: it has no network or no DNS.",
      de: "Diese Maschine findet keine Adresse zu {host}: Sie hat kein Netz oder kein DNS.",
    },
    remedy: {
      en: "`resolvectl status` and `ping -c1 1.1.1.1` tell the two apart; a VPN on this computer may take the machines' way out.",
      de: "`resolvectl status` und `ping -c1 1.1.1.1` unterscheiden beides; ein VPN auf deinem Computer kann den Maschinen den Weg nach draußen nehmen.",
    },
  },
];
