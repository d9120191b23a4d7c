import type { MessageCatalogue } from "./translate.ts";

/** The messages and remedies that learners meet. A test compares them with those in the source. */
export const messages: MessageCatalogue = {
  // The command line
  "{path}: the state folder cannot be made, got {reason}":
    "{path}: Der Ordner für den Stand kann nicht angelegt werden ({reason})",
  "Set WASM_K8S_LAB_HOME to a folder you can write to.":
    "Setze WASM_K8S_LAB_HOME auf einen Ordner, in den du schreiben darfst.",
  "{path}: the lock could not be taken": "{path}: Die Sperre war nicht zu bekommen",
  "Try again in a moment.": "Versuch es gleich noch einmal.",
  "Try again.": "Versuch es noch einmal.",
  "the lab is in use by `{command}` (process {pid}, since {since})":
    "das Lab wird gerade von `{command}` benutzt (Prozess {pid}, seit {since})",
  "Use `wasm-k8s-lab start` for a second terminal, or `wasm-k8s-lab down` to end it.":
    "`wasm-k8s-lab start` öffnet ein zweites Terminal dazu, `wasm-k8s-lab down` beendet es.",
  "Wait until it ends, or set WASM_K8S_LAB_HOME to another folder.":
    "Warte, bis er endet, oder setze WASM_K8S_LAB_HOME auf einen anderen Ordner.",
  "the lab is in use": "das Lab wird gerade benutzt",
  "End it with `wasm-k8s-lab down` (or leave `start`), then reset.":
    "Beende es mit `wasm-k8s-lab down` (oder verlasse `start`) und setze es dann zurück.",
  "exec {machine}: there is no command": "exec {machine}: Es fehlt ein Befehl",
  "Say which: `wasm-k8s-lab exec {machine} -- hostname`.": "Sag, welcher: `wasm-k8s-lab exec {machine} -- hostname`.",
  "The course begins with {lab}: the labs before it need fresh machines, which this backend cannot make.":
    "Der Kurs beginnt mit {lab}: Die Labs davor brauchen frische Maschinen, die dieses Backend nicht machen kann.",
  "no process holds the lab": "kein Prozess hält das Lab",
  "{lab}: was played on these machines before, and proves nothing again":
    "{lab}: wurde auf diesen Maschinen schon gespielt und beweist beim zweiten Mal nichts",
  "Run `wasm-k8s-lab down` for fresh machines, or set WASM_K8S_LAB_HOME to another folder.":
    "`wasm-k8s-lab down` macht Platz für frische Maschinen; oder setze WASM_K8S_LAB_HOME auf einen anderen Ordner.",
  "There is nothing to end.": "Es gibt nichts zu beenden.",
  '--{option}: the saved lab has {name} {saved}, got "{asked}"':
    "--{option}: Das gesicherte Lab hat {name} {saved}, verlangt ist „{asked}“",
  "Leave --{option} away to go on with it, run `wasm-k8s-lab reset` to begin again, or set WASM_K8S_LAB_HOME to another folder.":
    "Lass --{option} weg, um damit weiterzumachen, beginne mit `wasm-k8s-lab reset` von vorn oder setze WASM_K8S_LAB_HOME auf einen anderen Ordner.",
  '--backend: no such backend in this version, got "{id}"':
    "--backend: Dieses Backend gibt es in dieser Version nicht: „{id}“",
  "Use one of {names}.": "Möglich sind: {names}.",
  "Give a file in a folder that exists and that you can write to.":
    "Nenne eine Datei in einem Ordner, den es gibt und in den du schreiben darfst.",
  interrupted: "abgebrochen",
  stopped: "beendet",
  "the terminal that held the lab has ended": "das Terminal, in dem das Lab lief, ist zu",
  "Run the command again; it opens the saved lab itself.":
    "Ruf den Befehl noch einmal auf; er öffnet das gesicherte Lab selbst.",
  'control socket: no such method, got "{method}"': "Steuersocket: Diesen Aufruf gibt es nicht: „{method}“",
  "Use the same version of wasm-k8s-lab in both terminals.":
    "Nimm in beiden Terminals dieselbe Version von wasm-k8s-lab.",
  "this shell is closed": "diese Shell ist geschlossen",
  "Open another one.": "Öffne eine neue.",
  // Multipass
  "{name}: has no address yet": "{name}: hat noch keine Adresse",
  "Run `wasm-k8s-lab up` or `wasm-k8s-lab start`: they start it.":
    "Ruf `wasm-k8s-lab up` oder `wasm-k8s-lab start` auf: Sie starten die Maschine.",
  "multipass: there is no such program on this computer": "multipass: Dieses Programm gibt es auf diesem Rechner nicht",
  "Install it from https://canonical.com/multipass/install (Ubuntu: `sudo snap install multipass`), or choose another backend with --backend.":
    "Installiere es von https://canonical.com/multipass/install (Ubuntu: `sudo snap install multipass`) oder wähle mit --backend ein anderes Backend.",
  "multipass: version 1.13 or newer is needed, got {words}": "multipass: Nötig ist Version 1.13 oder neuer ({words})",
  "Update Multipass (Linux: `sudo snap refresh multipass`), then try again.":
    "Bring Multipass auf den neuesten Stand (Linux: `sudo snap refresh multipass`) und versuch es noch einmal.",
  "multipass: its service does not answer, got {words}": "multipass: Sein Dienst antwortet nicht ({words})",
  "Start the service of Multipass, then try again: {command}.":
    "Starte den Dienst von Multipass und versuch es noch einmal: {command}.",
  "multipass: you may not use its service, got {words}": "multipass: Du darfst seinen Dienst nicht benutzen ({words})",
  "Ask an administrator to put you into the group sudo, admin or wheel, then log in again.":
    "Lass dich von der Systemverwaltung in die Gruppe sudo, admin oder wheel aufnehmen und melde dich neu an.",
  "multipass: its service does not know you, got {words}": "multipass: Sein Dienst kennt dich nicht ({words})",
  "Run `multipass authenticate` with the passphrase that was set, then try again.":
    "Ruf `multipass authenticate` mit der festgelegten Passphrase auf und versuch es noch einmal.",
  "{name}: this computer runs no virtual machines, got {words}":
    "{name}: Dieser Rechner führt keine virtuellen Maschinen aus ({words})",
  "Turn virtualization on in the firmware (BIOS) of the computer, or choose another backend with --backend.":
    "Schalte im BIOS des Rechners die Virtualisierung ein oder wähle mit --backend ein anderes Backend.",
  "{name}: Multipass may not use KVM, got {words}": "{name}: Multipass darf KVM nicht benutzen ({words})",
  "Run `sudo snap connect multipass:kvm`, then try again.":
    "Ruf `sudo snap connect multipass:kvm` auf und versuch es noch einmal.",
  "{name}: another program uses virtualization, got {words}":
    "{name}: Ein anderes Programm benutzt die Virtualisierung ({words})",
  "Shut the other virtual machine manager (VirtualBox, VMware) down, then try again.":
    "Beende das andere Programm für virtuelle Maschinen (VirtualBox, VMware) und versuch es noch einmal.",
  "{name}: Multipass has no such image, got {words}": "{name}: Dieses Image hat Multipass nicht ({words})",
  "`multipass find --show-unsupported` lists what there is; `--profile current` boots a newer Ubuntu.":
    "`multipass find --show-unsupported` zeigt, was es gibt; `--profile current` startet ein neueres Ubuntu.",
  "{name}: its image could not be downloaded, got {words}": "{name}: Ihr Image ließ sich nicht herunterladen ({words})",
  "Check the network (a proxy must be set for the Multipass service, not for you), run `multipass find --force-update`, then try again: it goes on where it was.":
    "Prüfe das Netz (ein Proxy muss für den Dienst von Multipass gesetzt sein, nicht für dich), ruf `multipass find --force-update` auf und versuch es noch einmal: Es geht dort weiter, wo es war.",
  "{name}: the disk of this computer is too full, got {words}":
    "{name}: Die Platte dieses Rechners ist zu voll ({words})",
  "Free some space where Multipass keeps its machines, then try again.":
    "Schaff Platz, wo Multipass seine Maschinen aufbewahrt, und versuch es noch einmal.",
  "{name}: still sets itself up, got {words}": "{name}: richtet sich noch ein ({words})",
  "It goes on by itself: run the same command again in some minutes.":
    "Das geht von selbst weiter: Ruf denselben Befehl in einigen Minuten noch einmal auf.",
  "{name}: does not answer, got {words}": "{name}: antwortet nicht ({words})",
  "Run `wasm-k8s-lab doctor`: a VPN or a firewall is the usual cause. Then run the same command again.":
    "Ruf `wasm-k8s-lab doctor` auf: Meist liegt es an einem VPN oder einer Firewall. Dann ruf denselben Befehl noch einmal auf.",
  "{name}: is not running, got {words}": "{name}: läuft nicht ({words})",
  "{name}: its availability zone is turned off, got {words}":
    "{name}: Ihre Verfügbarkeitszone ist abgeschaltet ({words})",
  "Run `multipass enable-zones zone1`, then try again.":
    "Ruf `multipass enable-zones zone1` auf und versuch es noch einmal.",
  "{name}: multipass {command} failed, got {words}": "{name}: multipass {command} ist gescheitert ({words})",
  "Look at `multipass list`, run `wasm-k8s-lab doctor`, then try again: it goes on where it was.":
    "Sieh dir `multipass list` an, ruf `wasm-k8s-lab doctor` auf und versuch es noch einmal: Es geht dort weiter, wo es war.",
  "{name}: could not be prepared, got {words}": "{name}: ließ sich nicht einrichten ({words})",
  "Check the network, then run the same command again: it goes on where it was.":
    "Prüfe das Netz und ruf denselben Befehl noch einmal auf: Es geht dort weiter, wo es war.",
  "this computer: the machines need {architectures}, got {architecture}":
    "dieser Rechner: Die Maschinen brauchen {architectures}, hier ist {architecture}",
  "Choose another profile with --profile, or the embedded backend with --backend embedded.":
    "Wähle mit --profile ein anderes Profil oder mit --backend embedded das eingebettete Backend.",
  "this computer: {names} need {needed} MiB of memory beside {reserve} MiB for itself, got {found} MiB":
    "dieser Rechner: {names} brauchen {needed} MiB Speicher neben {reserve} MiB für ihn selbst, er hat {found} MiB",
  "Use a computer with more memory or --backend embedded; WASM_K8S_LAB_OVERCOMMIT=1 tries it all the same.":
    "Nimm einen Rechner mit mehr Speicher oder --backend embedded; WASM_K8S_LAB_OVERCOMMIT=1 versucht es trotzdem.",
  "this computer: {names} need {needed} MiB of free memory, got {found} MiB":
    "dieser Rechner: {names} brauchen {needed} MiB freien Speicher, frei sind {found} MiB",
  "Close programs and other virtual machines (`multipass list`); WASM_K8S_LAB_OVERCOMMIT=1 tries it all the same.":
    "Beende Programme und andere virtuelle Maschinen (`multipass list`); WASM_K8S_LAB_OVERCOMMIT=1 versucht es trotzdem.",
  "this computer: {names} need {needed} GiB of disk, got {found} GiB free":
    "dieser Rechner: {names} brauchen {needed} GiB Platte, frei sind {found} GiB",
  "Free some space where Multipass keeps its machines; WASM_K8S_LAB_OVERCOMMIT=1 tries it all the same.":
    "Schaff Platz, wo Multipass seine Maschinen aufbewahrt; WASM_K8S_LAB_OVERCOMMIT=1 versucht es trotzdem.",
  "{path}: the file that names this lab's machines is damaged":
    "{path}: Die Datei, die die Maschinen dieses Labs nennt, ist beschädigt",
  "Look with `multipass list` for machines whose names begin with wasm-k8s-lab-, delete them with `multipass delete --purge NAME`, then delete the file.":
    "Such mit `multipass list` nach Maschinen, deren Namen mit wasm-k8s-lab- beginnen, lösch sie mit `multipass delete --purge NAME` und dann die Datei.",
  "{path}: what belongs to this lab could not be written down":
    "{path}: Was zu diesem Lab gehört, ließ sich nicht aufschreiben",
  "Free some space, or set WASM_K8S_LAB_HOME to a folder you can write to.":
    "Schaff Platz oder setze WASM_K8S_LAB_HOME auf einen Ordner, in den du schreiben darfst.",
  "{name}: never answered; it is made again.": "{name}: hat nie geantwortet; die Maschine wird neu gemacht.",
  "{name}: had been deleted, but not purged; it is taken back.":
    "{name}: war gelöscht, aber noch nicht endgültig; die Maschine ist zurückgeholt.",
  "{name}: is gone from Multipass; it is made again, with nothing on it.":
    "{name}: gibt es in Multipass nicht mehr; die Maschine wird neu gemacht, leer.",
  "{name}: its address has changed from {before} to {after}; the cluster was made for the old one. Make it again: `wasm-k8s-lab reset control-plane`.":
    "{name}: Die Adresse ist nicht mehr {before}, sondern {after}; der Cluster wurde für die alte gemacht. Mach ihn neu: `wasm-k8s-lab reset control-plane`.",
  // The course
  'course: no such lab, got "{id}"': "Kurs: Dieses Lab gibt es nicht: „{id}“",
  '{lab}: no such step, got "{id}"': "{lab}: Diesen Schritt gibt es nicht: „{id}“",
  "{name}: this backend opens no shell here": "{name}: Dieses Backend öffnet hier keine Shell",
  "Use `wasm-k8s-lab exec {name} -- COMMAND`.": "Nimm `wasm-k8s-lab exec {name} -- BEFEHL`.",
  "{name}: this backend hands no terminal over": "{name}: Dieses Backend gibt kein Terminal ab",
  "Its shell is in `wasm-k8s-lab start`; for one command use `wasm-k8s-lab exec {name} -- COMMAND`.":
    "Ihre Shell ist in `wasm-k8s-lab start`; für einen Befehl nimm `wasm-k8s-lab exec {name} -- BEFEHL`.",
  "{name}: this backend has no shell to play a solution in":
    "{name}: Dieses Backend hat keine Shell, in der eine Lösung gespielt werden kann",
  "Choose another backend with --backend.": "Wähle mit --backend ein anderes Backend.",
  "{id}: this backend keeps no snapshots": "{id}: Dieses Backend führt keine Sicherungspunkte",
  "Undo by hand, or use `wasm-k8s-lab reset`.": "Mach es von Hand rückgängig oder nimm `wasm-k8s-lab reset`.",
  "{lab}/{step}: this step was never begun": "{lab}/{step}: Dieser Schritt wurde nie begonnen",
  "Go on to it step by step; `wasm-k8s-lab status` shows where you are.":
    "Geh Schritt für Schritt dorthin; `wasm-k8s-lab status` zeigt, wo du bist.",
  "{path}: progress could not be saved": "{path}: Der Fortschritt konnte nicht gesichert werden",
  "Free some space or make the folder writable; the lab goes on and saves again.":
    "Schaff Platz oder mach den Ordner beschreibbar; das Lab läuft weiter und sichert von neuem.",
  "{path}: damaged; set aside as {aside}.damaged-{number}, the older copy is used.":
    "{path}: beschädigt; als {aside}.damaged-{number} beiseitegelegt, es geht mit der älteren Kopie weiter.",
  "{lab}: begins on fresh machines, got those of {other}":
    "{lab}: Dieses Lab beginnt auf frischen Maschinen, hier laufen die von {other}",
  "Run `wasm-k8s-lab reset` and begin on fresh machines, or set WASM_K8S_LAB_HOME to another folder with machines of its own.":
    "Ruf `wasm-k8s-lab reset` auf und beginne auf frischen Maschinen, oder setze WASM_K8S_LAB_HOME auf einen anderen Ordner mit eigenen Maschinen.",
  "{lab}: its machines are not in use, got those of another lab":
    "{lab}: Seine Maschinen laufen gerade nicht, sondern die eines anderen Labs",
  "Go there first: `wasm-k8s-lab start {lab}`.": "Geh zuerst dorthin: `wasm-k8s-lab start {lab}`.",
  "module: it cannot be measured as a server, got {reason}": "Modul: Als Server lässt es sich nicht messen ({reason})",
  "Name an image whose module answers HTTP requests.": "Nenne ein Image, dessen Modul HTTP-Anfragen beantwortet.",
  "{image}: the image cannot be read from the registry, got {reason}":
    "{image}: Das Image lässt sich nicht aus der Registry lesen ({reason})",
  "Push it from master, and name it as `registry.lab:5000/name:tag`.":
    "Lade es von master hoch und nenne es als `registry.lab:5000/name:tag`.",
  "measure: no Deployment runs a module from the lab's registry":
    "measure: Kein Deployment führt ein Modul aus der Registry des Labs aus",
  "Deploy one first, or name images, such as `registry.lab:5000/http-server:v1`.":
    "Stell zuerst eines bereit oder nenne Images, etwa `registry.lab:5000/http-server:v1`.",
  '--machine: there is no such machine (yet), got "{name}"': "--machine: Diese Maschine gibt es (noch) nicht: „{name}“",
  "Use one of: {names}.": "Möglich sind: {names}.",
  "this backend cannot show figures of its machines": "dieses Backend kann keine Abbildungen seiner Maschinen zeigen",
  "Use the embedded backend, or look with `kubectl get nodes,pods -o wide`.":
    "Nimm das Backend embedded, oder sieh mit `kubectl get nodes,pods -o wide` nach.",
  "{option}: {path} cannot be written, got {reason}": "{option}: {path} kann nicht geschrieben werden ({reason})",
  "explain: {name} cannot be read, got {reason}": "explain: {name} lässt sich nicht lesen ({reason})",
  "Name a file that holds the output, or pipe it in: `COMMAND 2>&1 | wasm-k8s-lab explain`.":
    "Nenne eine Datei mit der Ausgabe, oder leite sie hinein: `BEFEHL 2>&1 | wasm-k8s-lab explain`.",
  // The machines
  "{machine}:{path}: {reason}": "{machine}:{path}: {reason}",
  "Check the path.": "Prüfe den Pfad.",
  "{name}: this machine was removed": "{name}: Diese Maschine wurde entfernt",
  "Run `wasm-k8s-lab up`.": "Ruf `wasm-k8s-lab up` auf.",
  "{name}: there is no such machine (yet)": "{name}: Diese Maschine gibt es (noch) nicht",
  "Run `wasm-k8s-lab start` or `wasm-k8s-lab up`; the machines are master, worker1 and worker2.":
    "Ruf `wasm-k8s-lab start` oder `wasm-k8s-lab up` auf; die Maschinen heißen master, worker1 und worker2.",
  "{machine}: no such user, got {name}": "{machine}: Diesen Benutzer gibt es nicht: {name}",
  "Use `ubuntu` or `root`.": "Nimm `ubuntu` oder `root`.",
  "{id}: there is no whole snapshot of that name":
    "{id}: Einen vollständigen Sicherungspunkt dieses Namens gibt es nicht",
  "`wasm-k8s-lab status` shows the steps that were begun.":
    "`wasm-k8s-lab status` zeigt die Schritte, die begonnen wurden.",
  "{address}: no port could be opened": "{address}: Kein Port ließ sich öffnen",
  "Allow this program to listen on 127.0.0.1.": "Erlaube diesem Programm, auf 127.0.0.1 zu lauschen.",
  "Port {wanted} of this computer is taken; {other} stands in for it and leads to {machine}:{port}.":
    "Port {wanted} dieses Computers ist belegt; {other} vertritt ihn und führt zu {machine}:{port}.",
  "Port {wanted} of this computer has been taken; {other} stands in for it and leads to {machine}:{port}.":
    "Port {wanted} dieses Computers ist inzwischen belegt; {other} vertritt ihn und führt zu {machine}:{port}.",
  "{kubeconfig}: not a kubeconfig": "{kubeconfig}: keine gültige kubeconfig",
  "Run the step that makes the control plane again.": "Spiel den Schritt noch einmal, der die Control Plane anlegt.",
  "--offline: is no address of a server, got {value}": "--offline: keine Adresse eines Servers ({value})",
  "Give the address that `bundle serve` prints, such as http://192.168.1.20:8080.":
    "Gib die Adresse an, die `bundle serve` ausgibt, etwa http://192.168.1.20:8080.",
  // Your own machines
  "{machine}:{path}: the file could not be written, got {reason}":
    "{machine}:{path}: Die Datei konnte nicht geschrieben werden ({reason})",
  "Look at the machine's disk and at the path.": "Sieh nach der Platte der Maschine und nach dem Pfad.",
  "{machine}: ubuntu may not use sudo without a password, got {reason}":
    "{machine}: ubuntu darf sudo nicht ohne Passwort benutzen ({reason})",
  "Allow it on {machine}: echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-wasm-k8s-lab":
    "Erlaub es auf {machine}: echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-wasm-k8s-lab",
  "{machine}: no shell could be opened, got {reason}": "{machine}: Es ließ sich keine Shell öffnen ({reason})",
  "It needs bash 5.0, script (package bsdutils), ps and pkill (procps) on {machine}, and a startup file that ends.":
    "Dafür braucht {machine} bash 5.0, script (Paket bsdutils), ps und pkill (procps) und eine Startdatei, die zu Ende kommt.",
  "--inventory: the ssh backend has to be told which machines to use":
    "--inventory: Dem Backend ssh muss gesagt werden, welche Maschinen es benutzen soll",
  "Write a file such as lab.yaml and give it once with `--inventory lab.yaml`:\n{example}":
    "Schreib eine Datei wie lab.yaml und gib sie einmal mit `--inventory lab.yaml` an:\n{example}",
  "{machine}: the inventory names no such machine": "{machine}: Das Inventar nennt keine solche Maschine",
  "Add it below `machines` in your inventory, and give it again with `--inventory`.":
    "Trag sie unter `machines` in dein Inventar ein und gib es noch einmal mit `--inventory` an.",
  "{machine}: is the same computer as {other}, got {address} for both":
    "{machine}: Das ist derselbe Rechner wie {other} (beide {address})",
  "Name a computer of its own for each machine in the inventory.":
    "Nenne im Inventar für jede Maschine einen eigenen Rechner.",
  "ssh: the program is not on this computer": "ssh: Dieses Programm gibt es auf diesem Rechner nicht",
  "Install OpenSSH's client (Ubuntu and Debian: `sudo apt-get install openssh-client`).":
    "Installiere den Client von OpenSSH (Ubuntu und Debian: `sudo apt-get install openssh-client`).",
  "{path}: the inventory cannot be read, got {reason}": "{path}: Das Inventar lässt sich nicht lesen ({reason})",
  "Give the path of a YAML file that names the machines: `--inventory lab.yaml`.":
    "Gib den Pfad einer YAML-Datei an, die die Maschinen nennt: `--inventory lab.yaml`.",
  "Mend the inventory; it looks like this:\n{example}": "Berichtige das Inventar; es sieht so aus:\n{example}",
  "{machine}: it could not be prepared for the lab, got exit code {code}\n{output}":
    "{machine}: Sie ließ sich nicht für das Lab vorbereiten (Exit-Code {code})\n{output}",
  "Mend what it says on {machine}, and run the command again: it goes on where it ended.":
    "Behebe auf {machine}, was dort steht, und wiederhole den Befehl: Es geht weiter, wo es aufgehört hat.",
  "{machine}: must be an Ubuntu, got {system}": "{machine}: Gebraucht wird ein Ubuntu, hier läuft {system}",
  "Install Ubuntu {release} on it, or name another machine in the inventory.":
    "Installiere dort Ubuntu {release} oder nenne im Inventar eine andere Maschine.",
  "{machine}: not everything of this profile is there for its processor, got {architecture}":
    "{machine}: Für ihren Prozessor gibt es nicht alles, was dieses Profil braucht ({architecture})",
  "Use a machine with {architectures}.": "Nimm eine Maschine mit {architectures}.",
  "{machine}: {user} may not use sudo without a password, got {reason}":
    "{machine}: {user} darf sudo nicht ohne Passwort benutzen ({reason})",
  "On {machine}: `echo '{user} ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-wasm-k8s-lab`.":
    "Auf {machine}: `echo '{user} ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-wasm-k8s-lab`.",
  "{machine}: it has no IPv4 address that others could reach it by":
    "{machine}: Sie hat keine IPv4-Adresse, unter der andere sie erreichen",
  "Write one into the inventory: machines.{machine}.address.":
    "Trag eine ins Inventar ein: machines.{machine}.address.",
  "{machine}: runs Ubuntu {version}; this profile is made for {release}":
    "{machine}: Hier läuft Ubuntu {version}; dieses Profil ist für {release} gemacht",
  "{machine}: {target} shows another host key than the one you accepted: it was made anew, or somebody stands between":
    "{machine}: {target} zeigt einen anderen Host-Schlüssel als den, den du angenommen hast: Sie wurde neu gemacht, oder jemand steht dazwischen",
  "If you know why: `{forget}`, then `{command}` and compare the fingerprint before you accept.":
    "Wenn du weißt, warum: `{forget}`, dann `{command}`, und vergleiche den Fingerabdruck, bevor du ihn annimmst.",
  "If you know why: `{forget}`, then `{command}` and compare the fingerprint before you accept. Its fingerprint: `{look}`.":
    "Wenn du weißt, warum: `{forget}`, dann `{command}`, und vergleiche den Fingerabdruck, bevor du ihn annimmst. Ihr Fingerabdruck: `{look}`.",
  "{machine}: the host key of {target} is not known to this computer":
    "{machine}: Dieser Rechner kennt den Host-Schlüssel von {target} nicht",
  "Connect once by `{command}`, compare the fingerprint, and accept it.":
    "Verbinde dich einmal mit `{command}`, vergleiche den Fingerabdruck und nimm ihn an.",
  "Connect once by `{command}`, compare the fingerprint, and accept it. Its fingerprint: `{look}`.":
    "Verbinde dich einmal mit `{command}`, vergleiche den Fingerabdruck und nimm ihn an. Ihr Fingerabdruck: `{look}`.",
  "{machine}: the key {file} can be read by others, and ssh refuses it":
    "{machine}: Andere können den Schlüssel {file} lesen, darum lehnt ssh ihn ab",
  "{machine}: ssh does not accept its configuration, got {reason}":
    "{machine}: ssh nimmt seine Konfiguration nicht an ({reason})",
  "Mend the file that it names.": "Berichtige die Datei, die dort steht.",
  "{machine}: {target} refuses the login as {user} by a key, got {reason}":
    "{machine}: {target} lehnt die Anmeldung als {user} mit einem Schlüssel ab ({reason})",
  "Put your key there: `{command}`; a key with a passphrase has to be in the agent: `ssh-add`.":
    "Bring deinen Schlüssel dorthin: `{command}`; einer mit Passphrase muss im Agenten sein: `ssh-add`.",
  "{machine}: the connection to {target} was lost": "{machine}: Die Verbindung zu {target} ist abgerissen",
  "{machine}: {target} cannot be reached, got {reason}": "{machine}: {target} ist nicht zu erreichen ({reason})",
  "Check the name in the inventory, in your ssh configuration and in DNS.":
    "Prüf den Namen im Inventar, in deiner ssh-Konfiguration und im DNS.",
  "Start its SSH server (`sudo systemctl start ssh`), or mend the port in the inventory.":
    "Starte ihren SSH-Server (`sudo systemctl start ssh`) oder berichtige den Port im Inventar.",
  "Is it switched on, and do its address and the firewall let you through? Try `{command}`.":
    "Ist sie an, und lassen Adresse und Firewall dich durch? Versuch `{command}`.",
  "Try `{command}`, then run the command again.": "Versuch `{command}` und wiederhole dann den Befehl.",
  // The saved state
  "{path}: the saved content is missing": "{path}: Der gesicherte Inhalt fehlt",
  "Run `wasm-k8s-lab reset` to begin again, or restore the folder from a copy.":
    "Beginne mit `wasm-k8s-lab reset` von vorn oder stell den Ordner aus einer Kopie wieder her.",
  "{path}: the saved lab has format {format}, this version reads up to {known}":
    "{path}: Das gesicherte Lab hat Format {format}, diese Version liest bis {known}",
  "Use the newer wasm-k8s-lab that saved it, or set WASM_K8S_LAB_HOME to another folder.":
    "Nimm das neuere wasm-k8s-lab, das es gesichert hat, oder setze WASM_K8S_LAB_HOME auf einen anderen Ordner.",
  "{path}: the disk is full, the lab could not be saved":
    "{path}: Die Platte ist voll, das Lab konnte nicht gesichert werden",
  "Free some space; the lab goes on and saves again by itself.":
    "Schaff Platz; das Lab läuft weiter und sichert von selbst wieder.",
  "{path}: the lab could not be saved, got {reason}": "{path}: Das Lab konnte nicht gesichert werden ({reason})",
  "Make the folder writable, or set WASM_K8S_LAB_HOME to another one.":
    "Mach den Ordner beschreibbar oder setze WASM_K8S_LAB_HOME auf einen anderen.",
  "{path}: the saved lab is damaged; set aside as {aside}, going on with the older copy.":
    "{path}: Das gesicherte Lab ist beschädigt; als {aside} beiseitegelegt, es geht mit der älteren Kopie weiter.",
};
