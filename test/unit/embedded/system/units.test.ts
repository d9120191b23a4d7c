import { describe, expect, test } from "vitest";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import type { Program } from "../../../../src/backends/embedded/machine/process.ts";
import type { ComputerHandle } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import { createTestMachine, run } from "./lab.ts";

/** A daemon that is ready at once, unless its configuration says `bad`. */
const daemon: Program = async (process) => {
  const path = "/etc/webd.conf";
  if (process.files.exists(path) && process.files.readText(path).includes("bad")) {
    await process.err("webd: bad configuration\n");
    return 1;
  }
  await process.out(`listening as ${process.env["ROLE"] ?? "nobody"}${process.resumed ? " again" : ""}\n`);
  process.notifyReady();
  await new Promise<void>((resolve) => process.signal.addEventListener("abort", () => resolve(), { once: true }));
  return 0;
};

const unit = (service: string): string =>
  `[Unit]\nDescription=Web daemon\n\n[Service]\nType=notify\nExecStart=/usr/local/bin/webd $WEBD_FLAGS\nEnvironment=ROLE=web\n${service}\n[Install]\nWantedBy=multi-user.target\nAlias=website.service\n`;

async function withDaemon(service = ""): Promise<ComputerHandle> {
  const { machine } = createTestMachine({ programs: { webd: daemon } });
  await machine.boot();
  machine.rootFiles.writeWithMode("/usr/local/bin/webd", executableBytes({ program: "webd", version: "1" }), 0o755);
  machine.rootFiles.write("/lib/systemd/system/webd.service", unit(service));
  return machine;
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe("systemctl", () => {
  test("starts, reports and stops a daemon; its words are in the journal", async () => {
    const machine = await withDaemon();
    expect(await run(machine, "systemctl start webd")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect((await run(machine, "systemctl is-active webd")).stdout).toBe("active\n");
    const status = await run(machine, "systemctl status webd --no-pager");
    expect(status.exitCode).toBe(0);
    expect(status.stdout).toMatch(
      /^● webd\.service - Web daemon\n     Loaded: loaded \(\/lib\/systemd\/system\/webd\.service; disabled; vendor preset: enabled\)\n     Active: active \(running\) since \w{3} 2024-02-28 12:00:00 UTC; /,
    );
    expect(status.stdout).toMatch(/webd\[\d+\]: listening as web\n/);
    const journal = await run(machine, "journalctl -u webd -o cat");
    expect(journal.stdout).toBe("Starting Web daemon...\nlistening as web\nStarted Web daemon.\n");
    await run(machine, "systemctl stop webd");
    expect(await run(machine, "systemctl is-active webd")).toEqual({ exitCode: 3, stdout: "inactive\n", stderr: "" });
    expect((await run(machine, "systemctl is-active --quiet webd")).stdout).toBe("");
  });

  test("refuses units that do not exist, in systemd 245's words", async () => {
    const machine = await withDaemon();
    expect(await run(machine, "systemctl restart cri-o")).toEqual({
      exitCode: 5,
      stdout: "",
      stderr: "Failed to restart cri-o.service: Unit cri-o.service not found.\n",
    });
    expect(await run(machine, "systemctl status nothing")).toEqual({
      exitCode: 4,
      stdout: "",
      stderr: "Unit nothing.service could not be found.\n",
    });
    expect(await run(machine, "systemctl enable nothing")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "Failed to enable unit: Unit file nothing.service does not exist.\n",
    });
  });

  test("an alias works once the unit is enabled", async () => {
    const machine = await withDaemon();
    expect((await run(machine, "systemctl restart website")).exitCode).toBe(5);
    const enabled = await run(machine, "systemctl enable webd");
    expect(enabled.stderr).toBe(
      "Created symlink /etc/systemd/system/website.service → /lib/systemd/system/webd.service.\nCreated symlink /etc/systemd/system/multi-user.target.wants/webd.service → /lib/systemd/system/webd.service.\n",
    );
    expect((await run(machine, "systemctl restart website")).exitCode).toBe(0);
    expect((await run(machine, "systemctl is-active webd")).stdout).toBe("active\n");
    expect((await run(machine, "systemctl is-enabled webd")).stdout).toBe("enabled\n");
    expect((await run(machine, "systemctl disable webd")).stderr).toContain(
      "Removed /etc/systemd/system/website.service.",
    );
    expect((await run(machine, "systemctl is-enabled webd")).exitCode).toBe(1);
  });

  test("a daemon with a bad configuration fails the job and the unit", async () => {
    const machine = await withDaemon();
    machine.rootFiles.write("/etc/webd.conf", "bad");
    expect(await run(machine, "systemctl start webd")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr:
        'Job for webd.service failed because the control process exited with error code.\nSee "systemctl status webd.service" and "journalctl -xe" for details.\n',
    });
    expect((await run(machine, "systemctl is-failed webd")).exitCode).toBe(0);
    const status = await run(machine, "systemctl status webd");
    expect(status.exitCode).toBe(3);
    expect(status.stdout).toContain("Active: failed (Result: exit-code) since ");
    expect(status.stdout).toContain("code=exited, status=1/FAILURE");
    machine.rootFiles.write("/etc/webd.conf", "good");
    expect((await run(machine, "systemctl start webd")).exitCode).toBe(0);
  });

  test("a missing binary is 203/EXEC", async () => {
    const machine = await withDaemon();
    machine.rootFiles.unlink("/usr/local/bin/webd");
    expect((await run(machine, "systemctl start webd")).exitCode).toBe(1);
    expect((await run(machine, "journalctl -u webd -o cat")).stdout).toContain(
      "webd.service: Failed at step EXEC spawning /usr/local/bin/webd: No such file or directory",
    );
    expect((await run(machine, "journalctl -u webd -o cat")).stdout).toContain(
      "webd.service: Main process exited, code=exited, status=203/EXEC",
    );
  });

  test("Restart= brings a killed daemon back and counts", async () => {
    const machine = await withDaemon("Restart=always\nRestartSec=1");
    await run(machine, "systemctl start webd");
    const first = machine.units.status("webd").pid;
    machine.processes.kill(first ?? 0, "SIGKILL");
    await until(() => machine.units.status("webd").active === "active" && machine.units.status("webd").pid !== first);
    expect(machine.units.status("webd").restarts).toBe(1);
    expect((await run(machine, "journalctl -u webd -o cat")).stdout).toContain(
      "Scheduled restart job, restart counter is at 1.",
    );
    await machine.shutdown();
  });

  test("gives up after too many quick failures", async () => {
    const machine = await withDaemon("Restart=on-failure");
    machine.rootFiles.write("/etc/webd.conf", "bad");
    await run(machine, "systemctl start webd");
    await until(() => machine.units.status("webd").active === "failed");
    expect((await run(machine, "journalctl -u webd -o cat")).stdout).toContain(
      "webd.service: Start request repeated too quickly.",
    );
  });

  test("warns until daemon-reload when the file of a running unit changed", async () => {
    const machine = await withDaemon();
    await run(machine, "systemctl start webd");
    machine.rootFiles.makeDirectories("/etc/systemd/system/webd.service.d");
    machine.rootFiles.write("/etc/systemd/system/webd.service.d/role.conf", "[Service]\nEnvironment=ROLE=drop-in\n");
    const warned = await run(machine, "systemctl restart webd");
    expect(warned.stderr).toBe(
      "Warning: The unit file, source configuration file or drop-ins of webd.service changed on disk. Run 'systemctl daemon-reload' to reload units.\n",
    );
    await run(machine, "systemctl daemon-reload");
    expect(await run(machine, "systemctl restart webd")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect((await run(machine, "journalctl -u webd -o cat")).stdout).toContain("listening as drop-in");
    expect((await run(machine, "systemctl status webd")).stdout).toContain(
      "    Drop-In: /etc/systemd/system/webd.service.d\n             └─role.conf\n",
    );
  });

  test("a masked unit does not start", async () => {
    const machine = await withDaemon();
    expect((await run(machine, "systemctl mask webd")).stderr).toBe(
      "Created symlink /etc/systemd/system/webd.service → /dev/null.\n",
    );
    expect((await run(machine, "systemctl start webd")).stderr).toBe(
      "Failed to start webd.service: Unit webd.service is masked.\n",
    );
    await run(machine, "systemctl unmask webd");
    expect((await run(machine, "systemctl start webd")).exitCode).toBe(0);
  });

  test("an ordinary user may look and not touch", async () => {
    const machine = await withDaemon();
    const refused = await run(machine, "systemctl restart webd", { user: "ubuntu" });
    expect(refused.stderr).toContain("Failed to restart webd.service: Interactive authentication required.\n");
    expect(refused.exitCode).not.toBe(0);
    expect((await run(machine, "systemctl is-active cron", { user: "ubuntu" })).stdout).toBe("active\n");
  });

  test("journalctl -f streams until it is interrupted", async () => {
    const machine = await withDaemon();
    const stop = new AbortController();
    const following = run(machine, "journalctl -f -u webd -o cat", { signal: stop.signal });
    await run(machine, "systemctl start webd");
    stop.abort();
    const result = await following;
    expect(result.exitCode).not.toBe(0);
    expect(result.stdout).toContain("listening as web\nStarted Web daemon.\n");
  });
});
