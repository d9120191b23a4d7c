import type { Sample } from "./samples.ts";

/** Multipass: what its client prints, by id of the catalogue. */
export const multipassSamples: Readonly<Record<string, Sample>> = {
  "multipass-unreachable": {
    says: [
      "list failed: cannot connect to the multipass socket\n",
      "list failed: cannot connect to the multipass socket\nPlease ensure multipassd is running and '/var/snap/multipass/common/multipass_socket' is accessible",
    ],
    not: ["connected to the multipass socket", "list failed: multipass socket access denied"],
  },
  "multipass-access-denied": {
    says: [
      "list failed: multipass socket access denied\nPlease check that you have read/write permissions to '/run/multipass_socket'",
    ],
    not: ["list failed: cannot connect to the multipass socket"],
  },
  "multipass-not-authenticated": {
    says: [
      "list failed: The client is not authenticated with the Multipass service.\nPlease use 'multipass authenticate' before proceeding.\n",
    ],
    not: ["The client is authenticated with the Multipass service."],
  },
  "multipass-passphrase-wrong": {
    says: ["authenticate failed: Passphrase is not correct. Please try again."],
    not: ["Please enter passphrase:"],
  },
  "multipass-passphrase-unset": {
    says: ["Passphrase is not set. Please `multipass set local.passphrase` with a trusted client."],
    not: ["Passphrase is set."],
  },
  "multipass-no-virtualization": {
    says: [
      "launch failed: KVM support is not enabled on this machine.\nPlease ensure the following:\n1. The system's CPU supports virtualization.\n2. Virtualization is enabled in the system BIOS.\n3. The KVM kernel modules are loaded.\n",
    ],
    not: ["KVM support is enabled on this machine"],
  },
  "multipass-kvm-denied": {
    says: [
      "The KVM device cannot be opened for reading and writing.\nPlease ensure the Snap KVM interface is connected by issuing:\n$ snap connect multipass:kvm",
    ],
    not: ["The KVM device is there."],
  },
  "multipass-kvm-busy": {
    says: [
      "Another virtual machine manager is currently running. Please shut it down before starting a Multipass instance.",
    ],
    not: ["Another virtual machine is currently running."],
  },
  "multipass-hyperv-missing": {
    says: [
      "The Hyper-V service does not exist. Ensure Hyper-V is installed correctly.",
      "The Hyper-V Windows feature is disabled. Please enable it",
    ],
    not: ["The Hyper-V service is running."],
  },
  "multipass-firmware-virtualization": {
    says: ["Virtualization support appears to be disabled in the BIOS.\nEnter your BIOS setup"],
    not: ["Virtualization support appears in the BIOS"],
  },
  "multipass-image-unknown": {
    says: [
      'launch failed: Unable to find an image matching "foo" in remote "".\n',
      "launch failed: 'foo' is not a supported alias. Please use `multipass find` for supported image aliases.",
    ],
    not: ["Unable to find the image"],
    names: ["`foo`"],
  },
  "multipass-remote-unknown": {
    says: [
      'launch failed: Remote "foo" is unknown or unreachable. If image mirror is enabled, please confirm it is valid.\n',
    ],
    not: ['Remote "foo" is known'],
    names: ["foo"],
  },
  "multipass-download": {
    says: [
      "launch failed: failed to download from 'https://cloud-images.ubuntu.com/releases/x.img': Network timeout\n",
      "launch failed: failed to download from 'https://x/y': Host cloud-images.ubuntu.com not found",
      "failed to download from 'https://x/y': Operation canceled",
    ],
    not: ["failed to download", "Retrieving image: 37%"],
  },
  "multipass-image-hash": {
    says: ["launch failed: Hash of /x/y.img does not match 0123abcd\n", "Downloaded image hash does not match"],
    not: ["Hash of /x/y.img does match"],
  },
  "multipass-custom-image": {
    says: [
      "launch failed: Custom image `/tmp/p.img` does not exist.\n",
      "Invalid file URL `file:/tmp/p.img`; did you forget a slash?",
    ],
    not: ["Custom image `/tmp/p.img` exists"],
    names: ["/tmp/p.img"],
  },
  "multipass-disk-below-image": {
    says: ["launch failed: Requested disk (1073741824 bytes) below minimum for this image (3758096384 bytes)\n"],
    not: ["launch failed: Available disk (1 bytes) below minimum for this image (2 bytes)"],
    names: ["1073741824", "3758096384"],
  },
  "multipass-host-disk-full": {
    says: ["launch failed: Available disk (1073741824 bytes) below minimum for this image (3758096384 bytes)\n"],
    not: ["launch failed: Requested disk (1 bytes) below minimum for this image (2 bytes)"],
    names: ["1073741824", "3758096384"],
  },
  "multipass-too-old": {
    says: [`Error: Unknown command or alias 'snapshot' (try "multipass help" or "multipass aliases")\n`],
    not: [`Error: Unknown command or alias 'snapshit' (try "multipass help" or "multipass aliases")`],
    names: ["`snapshot`"],
  },
  "multipass-machine-missing": {
    says: [
      'info failed: The following errors occurred:\ninstance "nope" does not exist\n',
      "start failed: instance(s) missing\nInstance 'nope' does not exist.\n",
    ],
    not: ['instance "nope" exists'],
    names: ["nope"],
  },
  "multipass-machine-deleted": {
    says: [
      'exec failed: The following errors occurred:\ninstance "x" is deleted\n',
      "start failed: instance(s) missing\nInstance 'x' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.\n",
    ],
    not: ['instance "x" is running'],
    names: ["multipass recover x"],
  },
  "multipass-name-taken": {
    says: ['launch failed: instance "x" already exists\n'],
    not: ['error: deployments "x" already exists', 'instance "x" is being prepared'],
    names: ["named x"],
  },
  "multipass-being-prepared": {
    says: ['launch failed: instance "x" is being prepared\n'],
    not: ["Preparing image for x"],
    names: ["x"],
  },
  "multipass-name-invalid": {
    says: ["launch failed: Invalid arguments supplied\nInvalid instance name supplied: 1bad\n"],
    not: ["Invalid arguments supplied"],
    names: ["1bad"],
  },
  "multipass-memory-size": {
    says: ["launch failed: Invalid arguments supplied\nInvalid memory size value supplied: 64M.\n"],
    not: ["Invalid disk size value supplied: 100M."],
    names: ["64M of memory"],
  },
  "multipass-disk-size": {
    says: ["launch failed: Invalid arguments supplied\nInvalid disk size value supplied: 100M."],
    not: ["Invalid memory size value supplied: 64M."],
    names: ["disk of 100M is"],
  },
  "multipass-size-format": {
    says: [
      "[2025-07-17T14:36:45.874] [error] [client] Caught an unhandled exception: 2X is not a valid memory size - need a non-negative integer (in base 10) or a decimal followed by K, M, or G (e.g. 1234B, 42MiB, 0.5G)",
    ],
    not: ["2G is a valid memory size"],
    names: ["`2X`"],
  },
  "multipass-network-invalid": {
    says: [
      "launch failed: Invalid arguments supplied\nInvalid network options supplied\n",
      "Invalid network options. To troubleshoot, see https://canonical.com/multipass/docs/stable/how-to-guides/troubleshoot/",
    ],
    not: ["Invalid network name"],
  },
  "multipass-cpus-invalid": {
    says: ["Error: invalid CPU count 'x', need a positive integer value.\n"],
    not: ["CPU count 2"],
    names: ["`x`"],
  },
  "multipass-timeout-invalid": {
    says: ["error: --timeout value has to be a positive integer\n"],
    not: ["--timeout 300"],
  },
  "multipass-cloud-init-file": {
    says: [
      "Could not load cloud-init configuration: bad file: /tmp/x.yaml\nPlease ensure that Multipass can read it.\n",
      "error loading cloud-init config: bad file: /tmp/x.yaml",
    ],
    not: ["Could not load cloud-init configuration: yaml-cpp: error at line 3, column 1: x"],
    names: ["/tmp/x.yaml"],
  },
  "multipass-cloud-init-yaml": {
    says: ["Could not load cloud-init configuration: yaml-cpp: error at line 3, column 1: illegal map value\n"],
    not: ["Could not load cloud-init configuration: bad file: /tmp/x.yaml"],
    names: ["line 3", "column 1"],
  },
  "multipass-mount-source": {
    says: ['Mount source path "p" does not exist', 'Mount source path "/x" is not readable'],
    not: ['Mounted "p" into "x:p"'],
  },
  "multipass-mounts-disabled": {
    says: [
      "mount failed: Mounts are disabled on this installation of Multipass.\n\nSee https://canonical.com/multipass/docs/set-command#local.privileged-mounts for information\non how to enable them.",
    ],
    not: ["Mounts are enabled"],
  },
  "multipass-sshfs-missing": {
    says: [
      "Error enabling mount support in 'x'\n\nPlease install the 'multipass-sshfs' snap manually inside the instance.",
    ],
    not: ["Enabling support for mounting"],
    names: ["x"],
  },
  "multipass-no-answer": {
    says: ["launch failed: The following errors occurred:\nwasm-k8s-lab-1f2e-master: timed out waiting for response\n"],
    not: ["launch failed: The following errors occurred:\ntimed out waiting for initialization to complete\n"],
    names: ["wasm-k8s-lab-1f2e-master was started"],
  },
  "multipass-slow-initialization": {
    says: ["launch failed: The following errors occurred:\ntimed out waiting for initialization to complete\n"],
    not: ["Waiting for initialization to complete"],
  },
  "multipass-client-timeout": {
    says: [
      "Timed out waiting for instance launch.\n",
      "Timed out waiting for instance to start.\n",
      "Timed out waiting for instance to restart.\n",
    ],
    not: ["waiting for instance to start"],
  },
  "multipass-stopped-while-starting": {
    says: [
      "start failed: qemu quit unexpectedly with exit code 1, check logs for more details",
      "failed to start qemu instance: no such device",
      "Instance stopped while starting",
    ],
    not: ["Instance started"],
  },
  "multipass-unknown-state": {
    says: [
      "start failed: The following errors occurred:\nInstance 'x' is already running, but in an unknown state.\nTry to stop it first.",
      "exec failed: Cannot retrieve credentials in unknown state",
    ],
    not: [
      "restart failed: Instance 'x' is already running, but in an unknown state.\nTry to stop and start it instead.\n",
    ],
  },
  "multipass-restart-of-stopped": {
    says: [
      "restart failed: Instance 'x' is already running, but in an unknown state.\nTry to stop and start it instead.\n",
      "restart failed: Instance 'x' is not running",
    ],
    not: ["Instance 'x' is already running, but in an unknown state. Try to stop it first."],
    names: ["multipass start x"],
  },
  "multipass-cannot-stop": {
    says: [
      "stop failed: Cannot shut down instance x while starting.\nUse --force to power it off.\n",
      "delete failed: Cannot shut down suspended instance x.\nUse --purge to forcefully delete it.",
    ],
    not: ["Cannot shut down"],
    names: ["--force x"],
  },
  "multipass-snapshot-of-running": {
    says: [
      "snapshot failed: Multipass can only take snapshots of stopped instances.\n",
      "clone failed: Multipass can only clone stopped instances.",
    ],
    not: ["Multipass can take snapshots"],
  },
  "multipass-snapshot-exists": {
    says: ["snapshot failed: Snapshot already exists: x.s"],
    not: ["Snapshot taken: x.s"],
    names: ["x.s"],
  },
  "multipass-snapshot-missing": {
    says: ["restore failed: No such snapshot: x.s"],
    not: ["Snapshot restored: x.s"],
    names: ["x.s"],
  },
  "multipass-restore-asks": {
    says: [
      "Unable to query client for confirmation. Use '--destructive' to automatically discard current machine state.",
    ],
    not: ["Do you want to take a snapshot of x before discarding its current state?"],
  },
  "multipass-transfer-to-stopped": {
    says: ['transfer failed: instance "x" is not running\n'],
    not: ["restart failed: Instance 'x' is not running"],
    names: ["multipass start x"],
  },
  "multipass-inner-options": {
    says: [
      'Unknown options: l, a.\n\nOptions to the inner command should come after "--", like this:\nmultipass exec <instance> -- <command> <arguments>\n',
    ],
    not: ["Unknown option 'foo'."],
  },
  "multipass-transfer-denied": {
    says: ["[2022-10-11T13:07:25.789] [error] [sftp] cannot open remote file /etc/x: Permission denied"],
    not: ["cannot open remote file /etc/x: No such file"],
    names: ["/etc/x"],
  },
  "multipass-no-route": {
    says: ["exec failed: ssh connection failed: 'No route to host'"],
    not: ["exec failed: ssh connection failed: 'Connection refused'"],
  },
  "multipass-ssh-down": {
    says: [
      "exec failed: ssh connection failed: 'Connection refused'",
      "exec failed: ssh connection failed: 'Timeout connecting to 1.2.3.4'",
    ],
    not: ["exec failed: ssh connection failed: 'No route to host'"],
  },
  "multipass-settings-need-stop": {
    says: ["Cannot update instance settings; instance: x; reason: Instance must be stopped for modification"],
    not: ["Cannot update settings"],
    names: ["multipass stop x"],
  },
};
