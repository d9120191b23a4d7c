import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RemoteSession } from "../../../src/cli/control/client.ts";
import { type ControlServer, serveControl } from "../../../src/cli/control/server.ts";
import type { Picture } from "../../../src/domain/picture.ts";
import { FakeSession } from "../../ui/fake-session.ts";
import { barePicture, hybridPicture } from "../figures/pictures.ts";

let folder = "";
let host: FakeSession;
let server: ControlServer;
let remote: RemoteSession;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-control-"));
  host = new FakeSession([{ id: "one", title: "One", text: "", machine: "master", commands: [] }]);
  server = await serveControl(host, join(folder, "socket"), () => undefined);
  remote = await RemoteSession.connect(join(folder, "socket"));
});

afterEach(async () => {
  await remote.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

it("brings the picture to a second terminal, and its changes for as long as somebody looks", async () => {
  expect(await remote.picture()).toBeUndefined();
  host.look(barePicture);
  expect(await remote.picture()).toEqual(barePicture);
  expect(host.watchers.size).toBe(0);
  const seen: Picture[] = [];
  const stop = remote.watchPicture((picture) => seen.push(picture));
  await vi.waitFor(() => expect(seen).toEqual([barePicture]));
  host.look(hybridPicture);
  await vi.waitFor(() => expect(seen.at(-1)).toEqual(hybridPicture));
  const another: Picture[] = [];
  const stopAnother = remote.watchPicture((picture) => another.push(picture));
  expect(another).toEqual([hybridPicture]);
  stop();
  stopAnother();
  await vi.waitFor(() => expect(host.watchers.size).toBe(0));
});

it("stops looking for a terminal that is gone", async () => {
  remote.watchPicture(() => undefined);
  await vi.waitFor(() => expect(host.watchers.size).toBe(1));
  await remote.close();
  await vi.waitFor(() => expect(host.watchers.size).toBe(0));
});
