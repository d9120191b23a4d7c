import type { ComponentId, Picture, PictureMachine, PicturePod, PictureService } from "../domain/picture.ts";

/** Names of the places in a figure that can change. */
export const changeOf = {
  component: (machine: Pick<PictureMachine, "name">, id: ComponentId): string => `component ${machine.name} ${id}`,
  node: ({ name }: Pick<PictureMachine, "name">): string => `node ${name}`,
  pod: ({ namespace, name }: Pick<PicturePod, "namespace" | "name">): string => `pod ${namespace}/${name}`,
  requests: ({ namespace, name }: Pick<PicturePod, "namespace" | "name">): string => `requests ${namespace}/${name}`,
  service: ({ namespace, name }: Pick<PictureService, "namespace" | "name">): string => `service ${namespace}/${name}`,
};

/** What of the later picture is not as it was in the earlier one. */
export function changesBetween(before: Picture, after: Picture): Set<string> {
  const old = factsOf(before);
  const changed = new Set<string>();
  for (const [place, fact] of factsOf(after)) if (old.get(place) !== fact) changed.add(place);
  return changed;
}

function factsOf({ machines, pods, services }: Picture): Map<string, string> {
  const facts = new Map<string, string>();
  for (const machine of machines) {
    const { node } = machine;
    facts.set(changeOf.node(machine), node ? `${node.ready} ${node.unschedulable} ${node.version}` : "");
    for (const { id, state, version } of machine.components) {
      facts.set(changeOf.component(machine, id), `${state} ${version ?? ""}`);
    }
  }
  for (const pod of pods) {
    facts.set(changeOf.pod(pod), `${pod.node ?? ""} ${pod.phase} ${pod.ready} ${pod.reason ?? ""}`);
    if (pod.requests > 0) facts.set(changeOf.requests(pod), String(pod.requests));
  }
  for (const service of services) facts.set(changeOf.service(service), `${service.endpoints} ${service.requests}`);
  return facts;
}
