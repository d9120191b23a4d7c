/** `kubeadm --help` in our own words; the commands are the real ones. */
export const kubeadmHelp = `kubeadm sets up a Kubernetes cluster.

  On the first machine:   kubeadm init
  On every other machine: kubeadm join <arguments printed by init>

Usage:
  kubeadm [command]

Available Commands:
  certs       Show and renew the cluster's certificates
  completion  Shell completion
  config      Show configurations and images
  help        Help about any command
  init        Set up the control plane on this machine
  join        Make this machine a node of a cluster
  reset       Undo what init or join changed on this machine
  token       Manage the tokens with which nodes join
  upgrade     Show how the cluster could be upgraded
  version     Print the version of kubeadm

Flags:
  -h, --help      help for kubeadm
  -v, --v Level   number for the log level verbosity

Use "kubeadm [command] --help" for more information about a command.
`;
