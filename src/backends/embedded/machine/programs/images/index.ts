import type { ProgramTable } from "../../process.ts";
import { buildah } from "./buildah.ts";
import { registry } from "./registry.ts";
import { skopeo } from "./skopeo.ts";

/** Programs that build, carry and serve container images, by the name in their binary. */
export const imagePrograms: ProgramTable = { buildah, skopeo, registry, "docker-registry": registry };
