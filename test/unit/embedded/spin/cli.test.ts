import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sha256 } from "../../../../src/backends/embedded/runtime/images/oci.ts";
import { workloadModule, workloadSource } from "../../../../src/backends/embedded/wasm/workloads.ts";
import type { Profile } from "../../../../src/domain/backend.ts";
import type { HostBuild } from "../../../../src/backends/embedded/machine/machine.ts";
import { createBuildLab } from "../build/lab.ts";
import type { BuildLab } from "../build/lab.ts";
import { probe } from "./applications.ts";

const releases = {
  thesis: { spin: "2.0.1", rust: "1.75.0", target: "wasm32-wasi" },
  current: { spin: "3.6.3", rust: "1.93.0", target: "wasm32-wasip1" },
} as const;

/** A machine with Spin, Rust and the course's application in ~/spin-app. */
async function spinLab(
  profile: Profile = "thesis",
  spin: string = releases[profile].spin,
  onHost?: (files: Readonly<Record<string, Uint8Array>>) => Uint8Array,
): Promise<BuildLab> {
  const hostBuild: HostBuild | undefined = onHost && {
    build: ({ files }) => Promise.resolve({ ok: true, module: onHost(files) }),
  };
  const lab = createBuildLab({ profile, ...(hostBuild ? { hostCargo: true, hostBuild } : {}) });
  const { rust, target } = releases[profile];
  lab.provide(["/usr/local/bin/spin", "spin", spin]);
  const { rootFiles, users } = lab.machine;
  const user = users.byName("ubuntu");
  const folder = "/home/ubuntu/spin-app";
  rootFiles.makeDirectories(`${folder}/src`);
  const own = (path: string): string =>
    readFileSync(new URL(`../../../../labs/spin-build/files/${path}`, import.meta.url), "utf8");
  const files: Record<string, string> = {
    "src/lib.rs": workloadSource(`spin-http-server/${profile}`, "../src/lib.rs"),
    "Cargo.toml": workloadSource(`spin-http-server/${profile}`, "Cargo.toml"),
    "Cargo.lock": workloadSource(`spin-http-server/${profile}`, "Cargo.lock"),
    "spin.toml": own(`${profile}/spin.toml`),
    Dockerfile: own(`${profile}/Dockerfile`),
  };
  for (const [name, text] of Object.entries(files)) rootFiles.write(`${folder}/${name}`, text);
  for (const path of ["", "/src", ...Object.keys(files).map((name) => `/${name}`)]) {
    rootFiles.chown(`${folder}${path}`, user?.uid ?? 1000, user?.gid ?? 1000);
  }
  await ok(lab, `curl -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain ${rust} --target ${target}`);
  return lab;
}

async function ok(lab: BuildLab, script: string): Promise<string> {
  const result = await lab.sh(script);
  expect(result.exitCode, `${script}\n${result.stderr}`).toBe(0);
  return result.stdout;
}

const startRegistry = `sudo mkdir -p /etc/docker/registry
printf 'version: 0.1\\nstorage:\\n  filesystem:\\n    rootdirectory: /var/lib/registry\\nhttp:\\n  addr: :5000\\n' | sudo tee /etc/docker/registry/config.yml > /dev/null
sudo registry serve /etc/docker/registry/config.yml > /dev/null 2>&1 &
sleep 0.3`;

test.each(["thesis", "current"] as const)("spin build and spin up serve the application (%s)", async (profile) => {
  const lab = await spinLab(profile);
  const { spin, target } = releases[profile];
  expect(await ok(lab, "spin --version")).toBe(`spin ${spin}\n`);
  const built = await lab.sh("cd ~/spin-app/src && spin build");
  expect(built.exitCode).toBe(0);
  expect(built.stdout).toContain(`Building component hello with \`cargo build --target ${target} --release\`\n`);
  expect(built.stdout).toMatch(/Finished building all Spin components\n$/);
  const module = lab.machine.rootFiles.readBytes(
    `/home/ubuntu/spin-app/target/${target}/release/spin_http_server.wasm`,
  );
  expect(Buffer.compare(module, workloadModule(`spin-http-server/${profile}`))).toBe(0);

  const seen = await ok(
    lab,
    `cd ~/spin-app; printf '[[trigger.http]]\\nroute = "/trap"\\ncomponent = "hello"\\n' >> spin.toml
spin up > ~/out 2> ~/err & sleep 0.3
curl -s localhost:3000/; echo; for p in trap none; do curl -s -o /dev/null -w '%{http_code}\\n' localhost:3000/$p; done; curl -s localhost:3000; echo
spin up 2>&1; echo $?
kill -INT %1; wait %1; echo ended with $?; curl -s localhost:3000; echo $?`,
  );
  expect(seen).toContain("Hello HAW!! from Fermyon Spin App\n500\n404\nHello HAW!! from Fermyon Spin App\n");
  expect(seen).toMatch(
    /Error: Unable to listen on 127\.0\.0\.1:3000\n\nCaused by:\n.*Address already in use \(os error 98\)\n1\n/,
  );
  expect(seen).toMatch(/ended with 0\n7\n$/);
  expect(await ok(lab, "cat ~/out")).toBe(
    'Logging component stdio to ".spin/logs/"\n\nServing http://127.0.0.1:3000\nAvailable Routes:\n  hello: http://127.0.0.1:3000\n    Says hello\n  hello: http://127.0.0.1:3000/trap\n    Says hello\nGET /\nGET /trap\nGET /\n',
  );
  expect(await ok(lab, "cat ~/err")).toMatch(
    /asked to fail[\s\S]* ERROR spin_trigger_http\S*: Error processing request/,
  );
  expect(await ok(lab, "cat ~/spin-app/.spin/logs/hello_stdout.txt")).toBe("GET /\nGET /trap\nGET /\n");
});

test("another greeting is built in and served", async () => {
  const lab = await spinLab();
  const greeting = "Grüße aus Hamburg — ".repeat(40);
  await ok(lab, `cd ~/spin-app && sed -i 's/Hello HAW.*App/${greeting}/' src/lib.rs && spin build`);
  const said = await ok(lab, "cd ~/spin-app; spin up -q > /dev/null & sleep 0.3; curl -s localhost:3000; kill %1");
  expect(said).toBe(greeting);
});

test("cargo makes a module of a cdylib only, for a target its toolchain knows", async () => {
  const lab = await spinLab("current");
  const old = await lab.sh("cd ~/spin-app && cargo build --target wasm32-wasi --release");
  expect(old.exitCode).not.toBe(0);
  expect(old.stderr).toContain("wasm32-wasi");
  await ok(lab, "cd ~/spin-app && sed -i /crate-type/d Cargo.toml && cargo build --target wasm32-wasip1 --release");
  expect(await ok(lab, "ls ~/spin-app/target/wasm32-wasip1/release")).not.toContain("spin_http_server.wasm");
  const changed = await lab.sh("cd ~/spin-app && sed -i s/200/201/ src/lib.rs && cargo build --target wasm32-wasip1");
  expect(changed.stderr).toContain("this source is not the one that the lab has built");
  const locked = await lab.sh(
    "cd ~/spin-app && rm -r Cargo.lock target && cargo build --locked --target wasm32-wasip1",
  );
  expect(locked.stderr).toContain("needs to be updated but --locked was passed");
  const rust = await lab.sh(
    "rustup toolchain install 1.75.0 && cd ~/spin-app && cargo +1.75.0 build --target wasm32-wasi",
  );
  expect(rust.stderr).toContain("it requires rustc 1.85 or newer, while the currently active rustc version is 1.75.0");
});

test("Spin 2.0.1 refuses a module of the final wasi:http", async () => {
  const lab = await spinLab("current", "2.0.1");
  const result = await lab.sh("cd ~/spin-app && spin build && spin up");
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(
    /Error: Failed to instantiate component 'hello'\n\nCaused by:\n {3}0: import `wasi:io\/error@0\.2\.0` has the wrong type\n/,
  );
});

test.each([
  [
    "cd /tmp; spin up",
    "Error: Default file 'spin.toml' not found. Run `spin up --from <APPLICATION>`, or `spin up --help` for usage.\n",
    1,
  ],
  ["cd /tmp; spin build", 'Error: "spin.toml" not found\n', 1],
  ["spin up -f /tmp", "Error: Directory /tmp does not contain a file named 'spin.toml'\n", 1],
  [
    "cd ~/spin-app; spin up",
    "Couldn't resolve `/home/ubuntu/spin-app/target/wasm32-wasi/release/spin_http_server.wasm`\n   2: No such file or directory (os error 2)\n",
    1,
  ],
  ["spin up --listen here", "error: Invalid value \"here\" for '--listen <ADDRESS>'", 2],
  ["spin up --port 3000", "error: Found argument '--port' which wasn't expected, or isn't valid in this context", 2],
  ["spin brew", "Error: 'brew' is not a known Spin command. See spin --help.\n\n", 2],
  ["spin biuld", "See spin --help.\n\nThe most similar command is:\n    build\n\n", 2],
  [
    "cd ~/spin-app; sed -i 's/^command.*/command = \"exit 3\"/' spin.toml; spin build",
    "Error: Build command for component hello failed with status Exited(3)\n",
    1,
  ],
  ["spin registry push", "required arguments were not provided", 2],
  ["spin registry push not/A/reference", "Error: cannot parse reference not/A/reference", 1],
])("%s", async (script, words, exitCode) => {
  const lab = await spinLab();
  const result = await lab.sh(script);
  expect(result.stderr).toContain(words);
  expect(result.exitCode).toBe(exitCode);
});

test("an application goes into a registry as an artifact and is served from there", async () => {
  const lab = await spinLab();
  lab.provide(["/usr/bin/registry", "registry", "2.7.1"]);
  const said = await ok(
    lab,
    `${startRegistry}
cd ~/spin-app && spin registry push --build -k localhost:5000/app:v1
curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' localhost:5000/v2/app/manifests/v1 > ~/manifest
spin registry push localhost:5000/app:v2 2>&1
mkdir ~/empty; cd ~/empty; spin up -k --from-registry localhost:5000/app:v1 --listen 0.0.0.0:8080 > ~/out 2>&1 & sleep 0.4
curl -s http://10.0.0.182:8080/; kill %2; ls -A ~/empty`,
  );
  expect(said).toMatch(/Pushed with digest sha256:[\da-f]{64}\n/);
  expect(said).toContain("received corrupt message of type InvalidContentType");
  expect(said).toMatch(/Hello HAW!! from Fermyon Spin App$/);
  const manifest: { config: { mediaType: string }; layers: { mediaType: string; digest: string }[] } = JSON.parse(
    await ok(lab, "cat ~/manifest"),
  );
  expect(manifest.config.mediaType).toBe("application/vnd.oci.image.config.v1+json");
  expect(manifest.layers.map((layer) => layer.mediaType)).toEqual([
    "application/vnd.wasm.content.layer.v1+wasm",
    "application/vnd.fermyon.spin.application.v1+config",
  ]);
  expect(manifest.layers[0]?.digest).toBe(sha256(workloadModule("spin-http-server/thesis")));
  const locked = JSON.parse(await ok(lab, `curl -s localhost:5000/v2/app/blobs/${manifest.layers[1]?.digest ?? ""}`));
  expect(locked).toMatchObject({
    spin_lock_version: 1,
    metadata: { name: "spin-http-server", trigger: { type: "http" } },
    triggers: [{ trigger_type: "http", trigger_config: { component: "hello", route: "/" } }],
    components: [{ id: "hello", source: { content_type: "application/wasm", digest: manifest.layers[0]?.digest } }],
  });
});

test.each(["thesis", "current"] as const)(
  "the Dockerfile's image holds the manifest and the module (%s)",
  async (profile) => {
    const lab = await spinLab(profile);
    lab.provide(["/usr/bin/buildah", "buildah", "1.32.2"], ["/usr/bin/registry", "registry", "2.7.1"]);
    const said = await ok(
      lab,
      `${startRegistry}
cd ~/spin-app && sed -i 's#FROM rust#FROM docker.io/library/rust#' Dockerfile && buildah bud -q -t localhost:5000/app:v1 .
buildah inspect --type image --format '{{.OCIv1.Config.Entrypoint}}' localhost:5000/app:v1
buildah push -q --tls-verify=false localhost:5000/app:v1
for d in $(curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' localhost:5000/v2/app/manifests/v1 | grep -o 'sha256:[0-9a-f]*'); do
  curl -s localhost:5000/v2/app/blobs/$d | tar -tz 2>/dev/null
done; true`,
    );
    expect(said).toContain("[/]");
    expect(said).toMatch(/^(\.\/)?spin\.toml$/m);
    expect(said).toContain(`target/${releases[profile].target}/release/spin_http_server.wasm`);
  },
);

test("the installer takes the version as a word of its own", async () => {
  const lab = createBuildLab();
  const installer = "curl -fsSL https://developer.fermyon.com/downloads/install.sh | bash -s --";
  const refused = await lab.sh(`${installer} --version=v2.0.1`);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stdout).toContain("Unknown argument --version=v2.0.1.");
  expect(await ok(lab, `${installer} -v v2.0.1 && ./spin --version`)).toMatch(/spin 2\.0\.1\n$/);
});

test("--host-cargo builds what the lab's cargo refuses, with the course's lock file", async () => {
  let seen: Readonly<Record<string, Uint8Array>> = {};
  const lab = await spinLab("thesis", "2.0.1", (files) => {
    seen = files;
    return probe("rc");
  });
  await ok(lab, "cd ~/spin-app && sed -i s/200/201/ src/lib.rs && spin build");
  expect(Object.keys(seen).sort()).toEqual(["Cargo.lock", "Cargo.toml", "src/lib.rs"]);
  expect(Buffer.from(seen["Cargo.lock"] ?? []).toString()).toContain('name = "spin-sdk"\nversion = "2.1.0"');
  expect(await ok(lab, "cd ~/spin-app; spin up -q > /dev/null & sleep 0.3; curl -s localhost:3000")).toBe("ready");
});

test("the doctor finds what is missing", async () => {
  const lab = await spinLab();
  const ill = await ok(lab, "cd ~/spin-app && rustup target remove wasm32-wasi && spin doctor");
  expect(ill).toContain("Diagnosis: The required Rust target 'wasm32-wasi' isn't installed\n");
  expect(ill).toContain('release/spin_http_server.wasm" is missing\n');
  const well = await ok(lab, "cd ~/spin-app && rustup target add wasm32-wasi && spin build && spin doctor");
  expect(well).toMatch(
    /The Spin Doctor is in\.\nChecking \/home\/ubuntu\/spin-app\/spin\.toml\.\.\.\nNo problems found\.\n$/,
  );
});

test("spin new makes an application that the manifest's reader takes", async () => {
  const lab = await spinLab();
  await ok(lab, "spin new -t http-rust -a my-app");
  expect(await ok(lab, "cat my-app/spin.toml")).toContain('source = "target/wasm32-wasi/release/my_app.wasm"');
  const up = await lab.sh("spin up -f my-app");
  expect(up.stderr).toContain("Failed to load component `my-app`");
});
