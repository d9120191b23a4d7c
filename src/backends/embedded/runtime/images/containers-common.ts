/** What the package containers-common puts below /etc/containers, by path. */
export const containersCommonFiles: Readonly<Record<string, string>> = {
  "/etc/containers/registries.conf": `# Registries that are tried for a name without one, such as "nginx".
unqualified-search-registries = ["docker.io", "quay.io"]

# A registry that speaks plain HTTP needs a table of its own:
# [[registry]]
# location = "registry.example:5000"
# insecure = true
`,
  "/etc/containers/registries.conf.d/000-shortnames.conf": `[aliases]
"almalinux" = "docker.io/library/almalinux"
"alpine" = "docker.io/library/alpine"
"busybox" = "docker.io/library/busybox"
"debian" = "docker.io/library/debian"
"hello-world" = "docker.io/library/hello-world"
"httpd" = "docker.io/library/httpd"
"node" = "docker.io/library/node"
"python" = "docker.io/library/python"
"rust" = "docker.io/library/rust"
"ubuntu" = "docker.io/library/ubuntu"
`,
  "/etc/containers/policy.json": `{
    "default": [
        {
            "type": "insecureAcceptAnything"
        }
    ],
    "transports": {
        "docker-daemon": {
            "": [{ "type": "insecureAcceptAnything" }]
        }
    }
}
`,
  "/etc/containers/registries.d/default.yaml": `default-docker:
  sigstore-staging: file:///var/lib/containers/sigstore
`,
};
