export { createServerClient, createStoreClient } from "./local.ts";
export { clientConfig, KubeconfigError, loadKubeconfig, parseKubeconfig, type ClientConfig } from "./kubeconfig.ts";
export { createNetworkClient, requestApi, responseText } from "./network.ts";
