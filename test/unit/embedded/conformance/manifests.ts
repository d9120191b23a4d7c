/** The manifests that the recordings of group E applied, by the names of their files. */
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: wasmedge-deploy
spec:
  replicas: 3
  selector:
    matchLabels:
      app: app-wasmedge
  template:
    metadata:
      labels:
        app: app-wasmedge
      annotations:
        module.wasm.image/variant: compat-smart
    spec:
      nodeSelector:
        wasmedge: "true"
      containers:
        - name: wasmedge-http-server
          image: wasmedge/example-wasi-http:compat-smart
`;

const service = `apiVersion: v1
kind: Service
metadata:
  name: wasmedge-service
spec:
  type: NodePort
  selector:
    app: app-wasmedge
  ports:
    - protocol: TCP
      nodePort: 31001
      port: 80
      targetPort: 1234
`;

const pod = (name: string, spec: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n${spec}  containers:\n    - name: c\n      image: nginx:1.25\n`;

const both = (changed: string): string => `${changed}---\n${service}`;

export const runtimeClass = `apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: wasmtime-spin-v2
handler: spin
scheduling:
  nodeSelector:
    spin: "true"
`;

export const manifests: Readonly<Record<string, string>> = {
  "wasmedge-app-manifest.yml": both(deployment),
  "nodeport-taken.yml": service.replace("wasmedge-service", "other-service"),
  "wasmedge-nodeport-range.yml": both(deployment).replace("31001", "1234"),
  "wasmedge-no-separator.yml": deployment + service,
  "wasmedge-flat.yml": both(
    deployment.replace(
      / {4}metadata:\n( {6}labels:\n)( {8}app: app-wasmedge\n)[^]*?(?= {4}spec)/,
      "    labels:\n      app: app-wasmedge\n",
    ),
  ),
  "wasmedge-replicas-string.yml": both(deployment.replace("replicas: 3", 'replicas: "three"')),
  "wasmedge-no-selector.yml": both(deployment.replace(/ {2}selector:\n.*\n.*\n/, "")),
  "wasmedge-no-image.yml": both(deployment.replace(/ {10}image: .*\n/, "")),
  "wasmedge-bad-kind.yml": both(deployment.replace("kind: Deployment", "kind: Deploymnt")),
  "wasmedge-bad-apiversion.yml": both(deployment.replace("apps/v1", "apps/v1beta1")),
  "wasmedge-bad-name.yml": both(deployment.replace("name: wasmedge-deploy", "name: Wasmedge_Deploy")),
  "pod-missing-rc.yml": pod("p-missing-rc", "  runtimeClassName: nope\n"),
  "pod-rc-conflict.yml": pod(
    "p-rc-conflict",
    '  runtimeClassName: wasmtime-spin-v2\n  nodeSelector:\n    spin: "false"\n',
  ),
  "rc-bad-handler.yml": "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata:\n  name: bad\nhandler: Spin_V2\n",
};
