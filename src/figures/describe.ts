import type { Picture, PictureMachine, PicturePod } from "../domain/picture.ts";
import type { FigureName, FigureTexts } from "./figure.ts";
import { passAt } from "./flow.ts";
import { machineOf } from "./node.ts";
import { lanesOf, partsOf } from "./parts.ts";
import { componentNames, componentOf, nodeWords, partyName, podsOn, podTrouble } from "./words.ts";

const latestPasses = 12;

/** A figure in sentences, one per line, for those who listen instead of looking. Pure. */
export function describeFigure(
  picture: Picture,
  figure: FigureName,
  texts: FigureTexts,
  machineName?: string,
): string[] {
  if (picture.machines.length === 0) return [texts.empty];
  if (figure === "flow") return describeFlow(picture, texts);
  const machine = figure === "node" ? machineOf(picture, machineName) : undefined;
  if (machine) return [...describeMachine(machine, texts), ...describeLanes(picture, machine, texts)];
  return [
    ...picture.machines.flatMap((each) => [
      ...describeMachine(each, texts),
      ...podsOn(picture, each)
        .filter((pod) => !pod.system)
        .map((pod) => describePod(pod, texts)),
    ]),
    ...describeRest(picture, texts),
  ];
}

function describeMachine(machine: PictureMachine, texts: FigureTexts): string[] {
  const { text } = nodeWords(machine, texts);
  const reason = machine.node?.reason === undefined ? "" : `, ${machine.node.reason}`;
  const { services, chains, tools } = partsOf(machine);
  const ids = [...new Set([...services, ...chains.flat(), ...tools])];
  const states = ["failed", "running", "installed", "absent"] as const;
  return [
    texts.spoken.machine(machine.name, `${text}${reason}`),
    ...states.flatMap((state) => {
      const names = ids
        .map((id) => componentOf(machine, id))
        .filter((component) => component.state === state)
        .map(({ id, version, detail }) =>
          [componentNames[id], version, detail].filter((word) => word !== undefined && word !== "").join(" "),
        );
      return names.length === 0 ? [] : [texts.spoken.components(texts.states[state], names.join(", "))];
    }),
  ];
}

const describePod = (pod: PicturePod, texts: FigureTexts): string =>
  texts.spoken.pod(pod.name, podTrouble(pod) || texts.ready, pod.requests);

function describeLanes(picture: Picture, machine: PictureMachine, texts: FigureTexts): string[] {
  return lanesOf(picture, machine).flatMap(({ chain, pods, wasm }) => {
    const names = ["kubelet" as const, ...chain].map((id) => componentNames[id]).join(" → ");
    const kind = wasm ? texts.wasmModule : texts.container;
    return [
      texts.spoken.way(names, pods.length === 0 ? `${kind}, ${texts.noPods}` : kind),
      ...pods.map((pod) => describePod(pod, texts)),
    ];
  });
}

function describeRest(picture: Picture, texts: FigureTexts): string[] {
  const waiting = picture.pods.filter((pod) => pod.node === undefined).length;
  return [
    ...(waiting === 0 ? [] : [`${texts.unscheduled(waiting)}.`]),
    ...picture.services.map(({ name, port, nodePort, endpoints }) =>
      texts.spoken.service(name, String(nodePort ?? port), texts.leadsTo(endpoints)),
    ),
  ];
}

function describeFlow(picture: Picture, texts: FigureTexts): string[] {
  if (passAt(picture, undefined) === undefined) return [texts.quiet];
  return picture.passes
    .slice(-latestPasses)
    .toReversed()
    .map(({ from, to, action, what, name, count }) => {
      const words = [texts.actions[action], what, name, count > 1 ? `×${count}` : ""].filter((word) => word !== "");
      return texts.spoken.pass(partyName(from), partyName(to), words.join(" "));
    });
}
