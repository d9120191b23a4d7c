import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLab, type TestLab } from "../node/lab.ts";

const script = readFileSync(new URL("../../../../labs/shared/setup.sh", import.meta.url));

/** The message of logrus's one line. */
const message = (stderr: string): string =>
  /msg="((?:[^"\\]|\\.)*)"/.exec(stderr)?.[1]?.replaceAll('\\"', '"') ?? stderr;

const bundle = [
  "mkdir -p /root/b/rootfs && cd /root/b && skopeo copy -q docker://docker.io/library/busybox:latest oci:/root/bb:latest",
  "tar -C rootfs -xzf /root/bb/blobs/$(jq -r '.layers[0].digest' /root/bb/blobs/$(jq -r '.manifests[0].digest' /root/bb/index.json | tr : /) | tr : /)",
  `runc spec && jq '.process.terminal = false | .process.args = ["sleep","100000"]' config.json > new && mv new config.json`,
].join("\n");

describe("containers by hand", () => {
  let lab: TestLab;
  const sh = async (line: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.run("master", line);
    expect(exitCode, `${line}\n${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  };
  const fails = async (line: string): Promise<string> => {
    const { exitCode, stderr } = await lab.run("master", line);
    expect(exitCode, line).not.toBe(0);
    return message(stderr);
  };

  beforeAll(async () => {
    lab = await openLab(["master"]);
    lab.machine("master").rootFiles.writeWithMode("/root/setup.sh", script, 0o755);
    await sh("/root/setup.sh containers");
    await sh(bundle);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  // What runc 1.1.5 prints.
  it.each([
    ["runc state nope", "container does not exist"],
    ["runc exec nope ls", "exec failed: container does not exist"],
    ["runc create", 'runc: "create" requires exactly 1 argument(s)'],
    ["cd / && runc run demo", "runc run failed: JSON specification file config.json not found"],
    ["cd /root/b && runc spec", "File config.json exists. Remove it first"],
    [
      "mkdir -p /root/t && cd /root/t && runc spec && runc create demo",
      "runc create failed: cannot allocate tty if runc will detach without setting console socket",
    ],
    [
      'cd /root/t && sed -i \'s/"terminal": true/"terminal": false/\' config.json && runc run demo',
      "runc run failed: invalid rootfs: stat /root/t/rootfs: no such file or directory",
    ],
    [
      "mkdir -p /root/t/rootfs && cd /root/t && runc run demo",
      'runc run failed: unable to start container process: exec: "sh": executable file not found in $PATH',
    ],
  ])("%s is refused in runc's words", async (line, words) => {
    expect(await fails(line)).toBe(words);
  });

  it("creates, starts, shows and ends a container", async () => {
    await sh("runc create -b /root/b demo");
    expect(JSON.parse(await sh("runc state demo"))).toMatchObject({ status: "created", bundle: "/root/b" });
    expect(await sh("cat /proc/$(runc state demo | jq .pid)/cmdline | tr '\\0' ' '")).toBe("runc init");
    expect(await fails("runc create -b /root/b demo")).toBe(
      "runc create failed: container with given ID already exists",
    );
    await sh("runc start demo");
    expect(await fails("runc start demo")).toBe("cannot start an already running container");
    expect(await fails("runc delete demo")).toBe("cannot delete container demo that is not stopped: running");
    expect(await sh("runc exec demo cat /proc/1/comm")).toBe("sleep");
    expect(await sh("runc exec demo hostname")).toBe("runc");
    expect(await sh("runc exec demo ls /proc/1/root/ | head -n 1")).toBe("bin");
    expect(await sh("lsns -n -o TYPE -p $(runc state demo | jq .pid) | sort | tr '\\n' ' '")).toBe(
      "cgroup ipc mnt net pid user uts",
    );
    expect(await fails("runc exec demo nope")).toBe(
      'exec failed: unable to start container process: exec: "nope": executable file not found in $PATH',
    );
    await sh("runc kill demo KILL; sleep 0.1");
    expect(JSON.parse(await sh("runc state demo"))).toMatchObject({ status: "stopped", pid: 0 });
    expect(await fails("runc exec demo ls")).toBe("exec failed: cannot exec in a stopped container");
    await sh("runc delete demo");
  });

  it("keeps files, processes and networks apart", async () => {
    await sh("runc run -d -b /root/b apart");
    await sh("runc exec apart sh -c 'echo inside > /only-here'");
    expect(await sh("cat /root/b/rootfs/only-here; ls /only-here 2>/dev/null || true")).toBe("inside");
    expect(await sh("runc exec apart ls /proc | grep -c '^[0-9]'")).toBe("2");
    expect(await sh("nsenter -t $(runc state apart | jq .pid) -n ip -br addr | cut -d ' ' -f 1")).toBe("lo");
    await sh("runc delete -f apart");
  });

  it("finds a changed blob out by its digest", async () => {
    await sh("cp -r /root/bb /root/changed && cd /root/changed/blobs/sha256 && echo x >> $(ls -S | head -n 1)");
    expect(await fails("skopeo inspect oci:/root/changed:latest")).toContain("Digest did not match, expected sha256:");
    expect(await fails("skopeo inspect oci:/root/bb:nope")).toContain('no descriptor found for reference "nope"');
  });

  it("does not end a container with containerd, nor with the lab's sleep", async () => {
    await sh("ctr image pull docker.io/library/nginx:latest");
    expect(await fails("ctr image pull nginx")).toContain('failed to resolve reference "nginx": object required');
    await sh("ctr run -d --net-host docker.io/library/nginx:latest web && runc run -d -b /root/b stays");
    expect(await fails("ctr task rm web")).toContain("task must be stopped before deletion");
    await sh("systemctl stop containerd");
    expect(await sh("curl -s localhost | grep -c 'Welcome to nginx'")).not.toBe("0");
    await sh("systemctl start containerd");
    const numbers = "ctr task ls; runc state stays | jq .pid; readlink /proc/$(runc state stays | jq .pid)/ns/pid";
    const before = await sh(numbers);
    expect(before).toContain("RUNNING");
    lab = await lab.wake();
    expect(await sh(numbers)).toBe(before);
    expect(await sh("curl -s localhost | grep -c 'Welcome to nginx'")).not.toBe("0");
  });
});
