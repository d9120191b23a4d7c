import type { Failure } from "./failure.ts";

/** What `ssh` and `sudo` say on the way to a machine of one's own. */
export const ssh: readonly Failure[] = [
  {
    id: "ssh-host-key-changed",
    signatures: [/REMOTE HOST IDENTIFICATION HAS CHANGED/],
    meaning: {
      en: "The computer that answers has another key than the one that was stored for this address: it was installed anew, or it is another one.",
      de: "Der Computer, der antwortet, hat einen anderen Schlüssel als den, der für diese Adresse gespeichert ist: Er wurde neu installiert, oder es ist ein anderer.",
    },
    remedy: {
      en: "If you know that it is yours, forget the old key: `ssh-keygen -R ADDRESS`.",
      de: "Wenn du weißt, dass es deiner ist, vergiss den alten Schlüssel: `ssh-keygen -R ADRESSE`.",
    },
  },
  {
    id: "ssh-host-key-unknown",
    signatures: [/Host key verification failed/, /No (?:\w+ )?host key is known for /],
    meaning: {
      en: "Nobody has said yet that this computer's key is to be trusted.",
      de: "Noch hat niemand gesagt, dass dem Schlüssel dieses Computers zu trauen ist.",
    },
    remedy: {
      en: "Sign in once by hand (`ssh USER@ADDRESS`) and compare the fingerprint that it shows.",
      de: "Melde dich einmal von Hand an (`ssh BENUTZER@ADRESSE`) und vergleiche den gezeigten Fingerabdruck.",
    },
  },
  {
    id: "ssh-key-refused",
    signatures: [/(?:[\w.@:-]{1,120}: )?Permission denied \((?<methods>[\w,-]{1,120})\)/],
    meaning: {
      en: "The machine does not take any of your keys (it offers: {methods}).",
      de: "Die Maschine nimmt keinen deiner Schlüssel an (sie bietet: {methods}).",
    },
    remedy: {
      en: "`ssh-copy-id USER@ADDRESS` puts your key there; `ssh-add -l` shows what the agent offers; the user may be another one (`ubuntu`).",
      de: "`ssh-copy-id BENUTZER@ADRESSE` bringt deinen Schlüssel hin; `ssh-add -l` zeigt, was der Agent anbietet; vielleicht heißt der Benutzer anders (`ubuntu`).",
    },
  },
  {
    id: "ssh-too-many-keys",
    signatures: [/Too many authentication failures/],
    meaning: {
      en: "The agent offered so many keys that the machine hung up before the right one.",
      de: "Der Agent bot so viele Schlüssel an, dass die Maschine vor dem richtigen aufgelegt hat.",
    },
    remedy: {
      en: "Name one in ~/.ssh/config: `IdentityFile …` and `IdentitiesOnly yes`.",
      de: "Nenne einen in ~/.ssh/config: `IdentityFile …` und `IdentitiesOnly yes`.",
    },
  },
  {
    id: "ssh-key-file-open",
    signatures: [/UNPROTECTED PRIVATE KEY FILE/, /Bad owner or permissions on /],
    meaning: {
      en: "ssh does not use a key or configuration that others can read or write.",
      de: "ssh benutzt keinen Schlüssel und keine Konfiguration, die andere lesen oder ändern können.",
    },
    remedy: {
      en: "`chmod 600` on that file, `chmod 700 ~/.ssh`.",
      de: "`chmod 600` auf diese Datei, `chmod 700 ~/.ssh`.",
    },
  },
  {
    id: "ssh-no-common-algorithm",
    signatures: [/no matching (?<what>host key type|key exchange method|cipher|MAC) found/],
    meaning: {
      en: "Your ssh and that machine's have no {what} in common: one of the two is much older, or was hardened.",
      de: "Dein ssh und das der Maschine haben dafür nichts gemeinsam: {what}. Eines von beiden ist viel älter oder wurde gehärtet.",
    },
    remedy: {
      en: "Take the restriction out of /etc/ssh/sshd_config over there, or use a newer Ubuntu.",
      de: "Nimm die Einschränkung dort aus /etc/ssh/sshd_config, oder nimm ein neueres Ubuntu.",
    },
  },
  {
    id: "ssh-name-unresolved",
    signatures: [/Could not resolve hostname (?<host>[\w.-]{1,120})/],
    meaning: { en: "There is no address for {host}.", de: "Zu {host} gibt es keine Adresse." },
    remedy: {
      en: "Write the address itself into the inventory, or a `Host {host}` with its `HostName` into ~/.ssh/config.",
      de: "Schreib die Adresse selbst ins Inventar, oder `Host {host}` mit `HostName` in ~/.ssh/config.",
    },
  },
  {
    id: "ssh-unreachable",
    signatures: [
      /connect to host (?<host>[\w.:-]{1,120}) port (?<port>\d+): (?:Connection timed out|No route to host|Network is unreachable|Operation timed out|Host is down)/,
    ],
    meaning: {
      en: "No way leads to {host}: it is off, has another address, or a firewall or VPN swallows the packets.",
      de: "Zu {host} führt kein Weg: Er ist aus, hat eine andere Adresse, oder eine Firewall oder ein VPN verschluckt die Pakete.",
    },
    remedy: {
      en: "`ping {host}`; on macOS 15 and newer also allow your terminal the local network (System Settings, Privacy & Security).",
      de: "`ping {host}`; ab macOS 15 erlaube deinem Terminal auch das lokale Netzwerk (Systemeinstellungen, Datenschutz & Sicherheit).",
    },
    discussion: "canonical/multipass#3766",
  },
  {
    id: "ssh-refused",
    signatures: [/connect to host (?<host>[\w.:-]{1,120}) port (?<port>\d+): Connection refused/],
    meaning: {
      en: "{host} is there, but nothing listens on port {port}: no ssh server runs, or it uses another port.",
      de: "{host} ist da, aber auf Port {port} lauscht nichts: Es läuft kein ssh-Server, oder er nutzt einen anderen Port.",
    },
    remedy: {
      en: "Over there: `sudo apt-get install -y openssh-server`; another port belongs into the inventory.",
      de: "Dort: `sudo apt-get install -y openssh-server`; ein anderer Port gehört ins Inventar.",
    },
  },
  {
    id: "sudo-password",
    signatures: [/sudo: a (?:password|terminal) is required/],
    meaning: {
      en: "`sudo` asks for a password on that machine, and nobody is there to type it.",
      de: "`sudo` verlangt auf dieser Maschine ein Passwort, und niemand kann es tippen.",
    },
    remedy: {
      en: 'Over there: `echo "$USER ALL=(ALL) NOPASSWD:ALL" | sudo tee /etc/sudoers.d/wasm-k8s-lab` (machines of a lab only).',
      de: 'Dort: `echo "$USER ALL=(ALL) NOPASSWD:ALL" | sudo tee /etc/sudoers.d/wasm-k8s-lab` (nur auf Maschinen eines Labs).',
    },
  },
];
