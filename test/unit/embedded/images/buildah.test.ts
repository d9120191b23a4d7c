import { describe, expect, test } from "vitest";
import { imagePrograms } from "../../../../src/backends/embedded/machine/programs/images/index.ts";
import { networkPrograms } from "../../../../src/backends/embedded/machine/programs/network/index.ts";
import type { Program } from "../../../../src/backends/embedded/machine/process.ts";
import { ImageStore } from "../../../../src/backends/embedded/runtime/images/image-store.ts";
import type { Lab, RunResult } from "../internet/lab.ts";
import { createLab } from "../internet/lab.ts";
import { startRegistry } from "./registry-daemon.ts";

/** Stands in for a shell: `write PATH TEXT`, `remove PATH`, `show PATH`, `fail N`. */
const sh: Program = async (process) => {
  const [verb, first = "", ...rest] = (process.argv[2] ?? "").split(" ");
  if (verb === "write") process.files.write(process.resolve(first), rest.join(" "));
  if (verb === "remove") process.files.unlink(process.resolve(first));
  if (verb === "show")
    await process.out(
      `${process.cwd} ${process.credentials.uid} ${process.env["GREETING"] ?? "-"} ${process.files.readText(process.resolve(first))}\n`,
    );
  return verb === "fail" ? Number(first) : 0;
};

const thesisDockerfile = `FROM rust:1.75.0-slim AS builder
WORKDIR /app
COPY ./src ./src
COPY ./Cargo.toml ./Cargo.toml
RUN write http_server.wasm module
FROM scratch AS final
COPY --from=builder /app/http_server.wasm /http_server.wasm
ENTRYPOINT ["/http_server.wasm"]
`;

function createBuilder(files: Readonly<Record<string, string>>): Lab {
  const lab = createLab(
    { ...imagePrograms, ...networkPrograms, sh },
    { buildah: "1.32.2", "docker-registry": "2.7.1" },
  );
  const root = lab.machine.rootFiles;
  root.makeDirectories("/etc/containers");
  root.write("/etc/containers/registries.conf", 'unqualified-search-registries = ["docker.io"]\n');
  root.makeDirectories("/home/ubuntu/app");
  root.chown("/home/ubuntu/app", 1000, 1000);
  const user = lab.machine.files.as(
    lab.machine.users.credentials("ubuntu") ?? { uid: 1000, gid: 1000, groups: [1000] },
  );
  for (const [name, text] of Object.entries(files)) {
    user.makeDirectories(`/home/ubuntu/app/${name}`.replace(/\/[^/]*$/, ""));
    user.write(`/home/ubuntu/app/${name}`, text);
  }
  return lab;
}

const buildah = (lab: Lab, ...args: string[]): Promise<RunResult> =>
  lab.run(["buildah", ...args], { user: "ubuntu", cwd: "/home/ubuntu/app" });

function contentOf(lab: Lab, name: string) {
  const store = new ImageStore(lab.machine, "/home/ubuntu/.local/share/containers/storage");
  const stored = store.find(name);
  if (!stored) throw new Error(`no image ${name}`);
  return { content: store.content(stored), rootfs: store.rootfs(stored), stored };
}

const sources = { "src/main.rs": "fn main() {}", "Cargo.toml": "[package]", Dockerfile: thesisDockerfile };

describe("buildah bud", () => {
  test("two stages leave an image with nothing but the module", async () => {
    const lab = createBuilder(sources);
    const result = await buildah(
      lab,
      "bud",
      "-t",
      "http-server:v1",
      "--annotation",
      "module.wasm.image/variant=compat",
      ".",
    );
    expect(result.code, result.err).toBe(0);
    expect(result.out.split("\n").filter((line) => line.includes("STEP"))).toEqual([
      "[1/2] STEP 1/5: FROM rust:1.75.0-slim AS builder",
      "[1/2] STEP 2/5: WORKDIR /app",
      "[1/2] STEP 3/5: COPY ./src ./src",
      "[1/2] STEP 4/5: COPY ./Cargo.toml ./Cargo.toml",
      "[1/2] STEP 5/5: RUN write http_server.wasm module",
      "[2/2] STEP 1/3: FROM scratch AS final",
      "[2/2] STEP 2/3: COPY --from=builder /app/http_server.wasm /http_server.wasm",
      '[2/2] STEP 3/3: ENTRYPOINT ["/http_server.wasm"]',
    ]);
    expect(result.out).toContain("[2/2] COMMIT localhost/http-server:v1\n");
    expect(result.out).toContain("Successfully tagged localhost/http-server:v1\n");
    expect(result.err).toContain(
      "Trying to pull docker.io/library/rust:1.75.0-slim...\nGetting image source signatures\nCopying blob sha256:",
    );
    const { content, rootfs, stored } = contentOf(lab, "http-server:v1");
    expect([...rootfs.keys()]).toEqual(["/http_server.wasm"]);
    expect(content?.config.config?.Entrypoint).toEqual(["/http_server.wasm"]);
    expect(content?.manifest.annotations?.["module.wasm.image/variant"]).toBe("compat");
    expect(result.out.trimEnd().endsWith(stored.id.slice(7))).toBe(true);
  });

  test("RUN sees the stage's files, user, folder and environment", async () => {
    const lab = createBuilder({
      Dockerfile:
        "FROM busybox\nARG WHO=nobody\nENV GREETING=hello-$WHO\nWORKDIR /w\nCOPY note.txt renamed/\nRUN show renamed/note.txt\nUSER 65534\nRUN show renamed/note.txt\n",
      "note.txt": "text",
    });
    const result = await buildah(lab, "bud", "--build-arg", "WHO=haw", ".");
    expect(result.code, result.err).toBe(0);
    expect(result.out).toContain("/w 0 hello-haw text\n");
    expect(result.out).toContain("/w 65534 hello-haw text\n");
  });

  test("what RUN removes is hidden in the image", async () => {
    const lab = createBuilder({ Dockerfile: "FROM busybox\nRUN write /etc/new 1\nRUN remove /etc/group\n" });
    await buildah(lab, "bud", "--layers", "-t", "x", ".");
    const { content, rootfs } = contentOf(lab, "x");
    expect(rootfs.has("/etc/new")).toBe(true);
    expect(rootfs.has("/etc/group")).toBe(false);
    expect(content?.layers.length).toBe(3);
  });

  test.each([
    [
      "a missing source",
      thesisDockerfile.replace("./src ./src", "./srcs ./src"),
      'Error: building at STEP "COPY ./srcs ./src": checking on sources under "/home/ubuntu/app": copier: stat: "/srcs": no such file or directory\n',
      125,
    ],
    [
      "a failing command",
      "FROM busybox\nRUN fail 101\n",
      'Error: building at STEP "RUN fail 101": while running runtime: exit status 101\n',
      101,
    ],
    [
      "no shell",
      "FROM scratch\nRUN true\n",
      'Error: building at STEP "RUN true": while running runtime: exit status 1\n',
      1,
    ],
    [
      "an unknown image",
      "FROM haw/nothing\n",
      "Error: creating build container: initializing source docker://haw/nothing:latest: reading manifest latest in docker.io/haw/nothing: denied: requested access to the resource is denied\n",
      125,
    ],
    ["a name in capitals", "FROM Haw/NOTHING\n", "must be lowercase\n", 125],
    ["no instruction", "\n", "Error: file with no instructions\n", 125],
  ])("%s ends the build", async (_, dockerfile, words, code) => {
    const result = await buildah(createBuilder({ ...sources, Dockerfile: dockerfile }), "bud", ".");
    expect(result.err.endsWith(words), result.err).toBe(true);
    expect(result.code).toBe(code);
  });

  test("a wrong path in COPY --from ends the build in the second stage", async () => {
    const lab = createBuilder({
      ...sources,
      Dockerfile: thesisDockerfile.replace("/app/http_server.wasm ", "/app/server.wasm "),
    });
    const result = await buildah(lab, "bud", ".");
    expect(result.err).toMatch(/copier: stat: "\/app\/server\.wasm": no such file or directory\n$/);
    expect(result.code).toBe(125);
  });

  test("a wrong ENTRYPOINT is built as it stands", async () => {
    const lab = createBuilder({
      ...sources,
      Dockerfile: thesisDockerfile.replace('["/http_server.wasm"]', "/server.wasm"),
    });
    expect((await buildah(lab, "bud", "-t", "x", ".")).code).toBe(0);
    expect(contentOf(lab, "x").content?.config.config?.Entrypoint).toEqual(["/bin/sh", "-c", "/server.wasm"]);
  });

  test("no Dockerfile", async () => {
    const result = await buildah(createBuilder({}), "bud", ".");
    expect(result.err).toContain(
      "cannot find Containerfile or Dockerfile in context directory: stat /home/ubuntu/app/Dockerfile: no such file or directory",
    );
    expect(result.code).toBe(125);
  });

  test("globs, folders, .dockerignore, --chown and --chmod", async () => {
    const lab = createBuilder({
      Dockerfile: "FROM scratch\nCOPY --chown=10:20 --chmod=755 *.txt /texts/\nCOPY src /code\n",
      "a.txt": "1",
      "b.txt": "2",
      "src/x.rs": "3",
      "src/target/big": "4",
      ".dockerignore": "# built\nsrc/target\nb.txt\n",
    });
    expect((await buildah(lab, "bud", "-t", "x", ".")).code).toBe(0);
    const { rootfs } = contentOf(lab, "x");
    expect([...rootfs.keys()].sort()).toEqual(["/code", "/code/x.rs", "/texts", "/texts/a.txt"]);
    expect(rootfs.get("/texts/a.txt")).toMatchObject({ mode: 0o755, uid: 10, gid: 20 });
  });
});

describe("buildah and a registry", () => {
  test("push, pull back, and the registry's own answers", async () => {
    const lab = createBuilder(sources);
    const registry = await startRegistry(lab);
    const name = "registry.lab:5000/haw/http-server:v1";
    await buildah(lab, "bud", "-t", name, ".");
    const refused = await buildah(lab, "push", name);
    expect(refused.err).toMatch(
      /^Getting image source signatures\nError: pushing image ".*" to "docker:\/\/registry\.lab:5000\/haw\/http-server:v1": trying to reuse blob sha256:\w{64} at destination: pinging container registry registry\.lab:5000: Get "https:\/\/registry\.lab:5000\/v2\/": http: server gave HTTP response to HTTPS client\n$/,
    );
    expect(refused.code).toBe(125);
    const pushed = await buildah(lab, "push", "--tls-verify=false", name);
    expect(pushed.err.replace(/sha256:\w{64}/g, "DIGEST")).toBe(
      "Getting image source signatures\nCopying blob DIGEST\nCopying config DIGEST\nWriting manifest to image destination\n",
    );
    expect((await lab.run(["curl", "-s", "http://registry.lab:5000/v2/_catalog"])).out).toBe(
      '{"repositories":["haw/http-server"]}',
    );
    expect((await lab.run(["curl", "-s", "http://registry.lab:5000/v2/haw/http-server/tags/list"])).out).toBe(
      '{"name":"haw/http-server","tags":["v1"]}',
    );
    const before = contentOf(lab, name).stored.id;
    expect((await buildah(lab, "rmi", name)).out).toBe(`untagged: ${name}\n${before.slice(7)}\n`);
    expect((await buildah(lab, "pull", "--tls-verify=false", name)).out).toBe(`${before.slice(7)}\n`);
    const missing = await buildah(lab, "pull", "--tls-verify=false", name.replace(":v1", ":v9"));
    expect(missing.err).toContain(
      "Error: initializing source docker://registry.lab:5000/haw/http-server:v9: reading manifest v9 in registry.lab:5000/haw/http-server: manifest unknown\n",
    );
    expect((await registry.stop()).code).toBe(0);
  });

  test("what was pushed is there after the daemon starts again", async () => {
    const lab = createBuilder(sources);
    const first = await startRegistry(lab);
    await buildah(lab, "bud", "-t", "registry.lab:5000/x:v1", ".");
    await buildah(lab, "push", "--tls-verify=false", "registry.lab:5000/x:v1");
    await first.stop();
    const second = await startRegistry(lab);
    const digest = contentOf(lab, "registry.lab:5000/x:v1").stored.manifest;
    const head = await lab.run(["curl", "-sI", "http://registry.lab:5000/v2/x/manifests/v1"]);
    expect(head.out).toContain(`docker-content-digest: ${digest}`);
    await second.stop();
  });

  test("a broken configuration stops the daemon with words", async () => {
    const lab = createBuilder({});
    const result = await lab.run(["docker-registry", "serve", "/etc/docker/registry/config.yml"]);
    expect(result.code).toBe(1);
    expect(result.err).toContain(
      "configuration error: open /etc/docker/registry/config.yml: no such file or directory",
    );
  });
});

describe("images step by step", () => {
  test("from scratch, copy, config, commit", async () => {
    const lab = createBuilder({ "server.wasm": "module" });
    expect((await buildah(lab, "from", "scratch")).out).toBe("working-container\n");
    await buildah(lab, "copy", "working-container", "server.wasm", "/");
    await buildah(
      lab,
      "config",
      "--entrypoint",
      '["/server.wasm"]',
      "--annotation",
      "module.wasm.image/variant=compat",
      "working-container",
    );
    expect((await buildah(lab, "commit", "working-container", "mine:v1")).code).toBe(0);
    const { content, rootfs } = contentOf(lab, "mine:v1");
    expect([...rootfs.keys()]).toEqual(["/server.wasm"]);
    expect(content?.config.config?.Entrypoint).toEqual(["/server.wasm"]);
    expect(
      (await buildah(lab, "inspect", "--type", "image", "--format", "{{.OCIv1.Config.Entrypoint}}", "mine:v1")).out,
    ).toBe("[/server.wasm]\n");
  });

  test("the table of images, and one name taken from two", async () => {
    const lab = createBuilder(sources);
    await buildah(lab, "bud", "-t", "app:v1", ".");
    await buildah(lab, "tag", "app:v1", "registry.lab:5000/app:v1");
    const table = (await buildah(lab, "images")).out.split("\n");
    expect(table[0]).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    expect(table.filter((line) => /^(localhost|registry\.lab:5000)\/app +v1 +[0-9a-f]{12} /.test(line))).toHaveLength(
      2,
    );
    expect((await buildah(lab, "rmi", "app:v1")).out).toBe("untagged: localhost/app:v1\n");
    expect((await buildah(lab, "images", "app:v1")).code).toBe(125);
  });
});
