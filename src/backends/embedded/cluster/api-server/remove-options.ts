import type { ApiRequest } from "../api.ts";
import { listAt, numberAt, textAt } from "../json.ts";
import { parseBody } from "./body.ts";
import { invalid } from "./errors.ts";
import type { RemoveOptions } from "./objects.ts";

/** How a request wants something deleted, from its body and its query. */
export function removeOptions(request: ApiRequest): RemoveOptions & { dryRun: boolean } {
  const body = request.body.length > 0 ? parseBody(request.body, request.headers["content-type"], "DeleteOptions") : {};
  const query = request.query;
  const asked = query.get("gracePeriodSeconds");
  const grace = numberAt(body, "gracePeriodSeconds") ?? (asked === null || asked === "" ? undefined : Number(asked));
  const policy = textAt(body, "propagationPolicy") || (query.get("propagationPolicy") ?? "");
  if (policy !== "" && policy !== "Foreground" && policy !== "Background" && policy !== "Orphan") {
    throw invalid({ name: "", group: "meta.k8s.io", kind: "DeleteOptions" }, [
      {
        reason: "FieldValueNotSupported",
        message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
        field: "propagationPolicy",
      },
    ]);
  }
  const uid = textAt(body, "preconditions", "uid");
  const resourceVersion = textAt(body, "preconditions", "resourceVersion");
  return {
    ...(grace === undefined || Number.isNaN(grace) ? {} : { gracePeriodSeconds: Math.max(0, grace) }),
    ...(policy === "" ? {} : { propagationPolicy: policy }),
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    orphanDependents: body["orphanDependents"] === true,
    dryRun: listAt(body, "dryRun").includes("All"),
  };
}
