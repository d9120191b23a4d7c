import type { Profile } from "../../../../../domain/backend.ts";
import type { InternetHost } from "../internet.ts";
import { kubernetesHosts } from "./apt-kubernetes.ts";
import { kubicHost } from "./apt-kubic.ts";
import { ubuntuHost } from "./apt-ubuntu.ts";

/** Servers with Debian packages, as they answered on the profile's day. */
export const aptHosts = (profile: Profile): InternetHost[] => [
  ubuntuHost(profile),
  ...kubernetesHosts(profile),
  kubicHost(profile),
];
