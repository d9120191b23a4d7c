/** The program's own words. This file is the type; every other language satisfies it. */
export const en = {
  common: {
    step: (section: string, title: string) => `${section} ${title}`,
    passed: "passed",
    failed: "failed",
    errored: "could not check",
    skipped: "skipped",
    observed: "observed",
    expected: "expected",
    cause: "likely cause",
    next: "next",
    thisComputer: "this computer",
    points: (points: number, maximum: number) => `${points}/${maximum} points`,
    modelled: "modelled machines: what you see follows from their state, durations are simulated",
  },
  up: {
    machines: "Machines",
    kubeconfig: (path: string) => `export KUBECONFIG=${path}`,
    noCluster: "there is no cluster yet; the file appears with `kubeadm init`",
    nodePort: (port: number, url: string) => `node port ${port} answers at ${url}`,
    hold: "The lab stays up until you press Ctrl-C or run `wasm-k8s-lab down`.",
  },
  run: {
    apart: "This lab was played here before; your own is left as it is, and a fresh one is played apart from it.",
    solving: (place: string) => `… ${place}`,
    done: (place: string, passed: boolean) => `${passed ? "ok" : "FAILED"} ${place}`,
    command: (on: string, command: string, exitCode: number) => `on ${on}: \`${command}\` ended with ${exitCode}`,
  },
  plain: {
    help: "Type commands for the machine. Words of the course begin with a colon: :check :hint :solution :next :back :machine NAME :help :quit",
    unknown: (word: string) => `Unknown word, got "${word}". Type :help.`,
    commands: "Commands",
    hint: "Hint",
    noHint: "There are no more hints for this step; :solution shows how it is done.",
    solution: "Solution",
    solved: "Step solved. :next goes on.",
    end: "That was the last step.",
    machine: (name: string) => `You are on ${name}.`,
    editor: "There is no editor without a terminal; use `cat > FILE`, `tee` or `sed -i`.",
  },
};

export type Texts = typeof en;
