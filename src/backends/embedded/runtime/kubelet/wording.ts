/** Texts of events that changed between Kubernetes versions. */
export interface KubeletWording {
  /** Events name the container in their message. */
  created(container: string): string;
  started(container: string): string;
  present(image: string): string;
  /** `ImagePullBackOff` says why. */
  imageBackOff(image: string, reason: string): string;
}

export function wordingFor(version: string): KubeletWording {
  const minor = Number(version.replace(/^v/, "").split(".")[1] ?? 0);
  if (minor < 34) {
    return {
      created: (container) => `Created container ${minor < 32 ? "" : ": "}${container}`.replace(" : ", ": "),
      started: (container) => `Started container ${container}`,
      present: (image) => `Container image ${JSON.stringify(image)} already present on machine`,
      imageBackOff: (image) => `Back-off pulling image ${JSON.stringify(image)}`,
    };
  }
  return {
    created: () => "Container created",
    started: () => "Container started",
    present: (image) =>
      `Container image ${JSON.stringify(image)} already present on machine and can be accessed by the pod`,
    imageBackOff: (image, reason) => `Back-off pulling image ${JSON.stringify(image)}: ErrImagePull: ${reason}`,
  };
}
