export { createServerClient, createStoreClient } from "./local.ts";
export { clientConfig, KubeconfigError, loadKubeconfig, parseKubeconfig, type ClientConfig } from "./kubeconfig.ts";
export { answerError, createNetworkClient, requestApi, responseText, watchEvents, type ApiCall } from "./network.ts";
