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
