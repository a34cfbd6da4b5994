/** systemd: what it is told, and the unit that it runs. Rule: a collector that hangs is started again, one whose line is cut is not. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createServiceManager } from "./systemd.ts";
import { createTestLog, temporaryFolder, until } from "./testing.ts";

const UNIT = fileURLToPath(new URL("../../../deploy/chaverim-collector.service", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const has = (program: string) => spawnSync(program, ["--version"]).status === 0;

/** In systemd's place: a datagram socket, and each message on a line; the barrier's descriptor is closed as systemd does. */
const RECEIVER = `
import array, os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("listening", flush=True)
while True:
  message, extra, _, _ = receiver.recvmsg(4096, 1024)
  for level, kind, data in extra:
    if kind == socket.SCM_RIGHTS:
      for descriptor in array.array("i", data): os.close(descriptor)
  print(message.decode(), flush=True)
`;

const listen = async () => {
  const folder = await temporaryFolder();
  const socket = join(folder.path, "notify");
  const receiver = spawn("python3", ["-c", RECEIVER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  createInterface({ input: receiver.stdout }).on("line", (line) => lines.push(line));
  await until(() => lines.includes("listening"));
  return {
    socket,
    told: () => lines.filter((line) => line.includes("=") && !line.startsWith("BARRIER")),
    [Symbol.asyncDispose]: async () => {
      receiver.kill();
      await once(receiver, "exit");
      await folder[Symbol.asyncDispose]();
    },
  };
};

test.skipIf(!has("systemd-notify") || !has("python3"))(
  "systemd hears that the collector is ready, that it lives while nothing hangs, and that it stops (needs systemd-notify, python3)",
  async () => {
    await using systemd = await listen();
    const { log, lines } = createTestLog();
    const stop = new AbortController();
    let isStuck = false;
    const supervision = { socket: systemd.socket, watchdogMs: 300 };
    const running = createServiceManager(supervision, () => isStuck, log).run(stop.signal);
    await until(() => systemd.told().length >= 4);
    isStuck = true;
    await until(() => lines.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const told = systemd.told().length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(systemd.told()).toHaveLength(told);
    isStuck = false;
    await until(() => systemd.told().length > told);
    stop.abort();
    await running;
    const all = systemd.told();
    expect([all[0], all.at(-1)]).toEqual(["READY=1", "STOPPING=1"]);
    expect(new Set(all.slice(1, -1))).toEqual(new Set(["WATCHDOG=1"]));
    expect(lines).toHaveLength(1);
  },
);

test("without systemd nobody is told anything", async () => {
  const { log, lines } = createTestLog();
  await createServiceManager(null, () => true, log).run(new AbortController().signal);
  expect(lines).toEqual([]);
});

test.skipIf(!existsSync("/usr/bin/systemd-notify"))(
  "a socket that is gone is said, and the collector goes on (needs systemd-notify)",
  async () => {
    const { log, lines } = createTestLog();
    const stop = new AbortController();
    const supervision = { socket: "/nowhere/notify", watchdogMs: null };
    const running = createServiceManager(supervision, () => false, log).run(stop.signal);
    await until(() => lines.length === 1);
    stop.abort();
    await running;
    expect(lines[0]).toMatchObject({ level: "warn", state: "READY=1" });
  },
);

/** The unit as it is, but for the folder in which the product is installed. */
const installUnit = async (folder: string) => {
  const path = join(folder, "chaverim-collector.service");
  await writeFile(
    path,
    readFileSync(UNIT, "utf8").replaceAll("/opt/chaverim/", ROOT).replaceAll("/opt/chaverim", ROOT),
  );
  return path;
};

test.skipIf(!has("systemd-analyze"))("the unit has no mistake (needs systemd-analyze)", async () => {
  await using folder = await temporaryFolder();
  const verified = spawnSync("systemd-analyze", ["verify", await installUnit(folder.path)], { encoding: "utf8" });
  // Units of the machine itself may be complained of: only what is said of this one counts.
  const said = verified.stderr.split("\n").filter((line) => line.includes("chaverim-collector"));
  expect({ status: verified.status, said }).toEqual({ status: 0, said: [] });
});

test.skipIf(!has("systemd-analyze"))(
  "the unit's exposure is 2.0 at most, as systemd counts it (needs systemd-analyze)",
  async () => {
    await using folder = await temporaryFolder();
    const args = ["security", "--offline=true", "--threshold=20", "--no-pager", await installUnit(folder.path)];
    const judged = spawnSync("systemd-analyze", args, { encoding: "utf8" });
    const level = Number(/exposure level for \S+ ([\d.]+)/.exec(judged.stdout)?.[1]);
    expect(judged.status).toBe(0);
    expect(level).toBeLessThanOrEqual(2);
  },
);

test("the unit gives the collector what it asks for: a watchdog, time to stop, and no start again over wrong settings", () => {
  const unit = readFileSync(UNIT, "utf8");
  expect(unit).toMatch(/^Type=notify$/m);
  // systemd-notify is another process than the one that systemd started.
  expect(unit).toMatch(/^NotifyAccess=all$/m);
  expect(unit).toMatch(/^WatchdogSec=\d+$/m);
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(10);
  expect(unit).toMatch(/^RestartPreventExitStatus=78$/m);
  expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
});
