/** Settings as people write them. Rule: all mistakes at once, each in a sentence that names the setting. */
import { mkdir, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readConfig, readSupervision } from "./config.ts";
import { FatalError } from "./failure.ts";
import { anApiKey, temporaryFolder } from "./testing.ts";

const withYaml = async (yaml: string, env: Record<string, string> = {}) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "collector.yaml");
  await writeFile(path, yaml);
  await writeFile(join(folder.path, "key"), `${anApiKey}\n`);
  return { folder: folder.path, config: readConfig(["--config", path], env) };
};

const problemsOf = async (run: () => unknown): Promise<string[]> => {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    expect(error.exitCode).toBe(78);
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.replace("  - ", ""));
  }
  throw new Error("no problem was found");
};

test("a heartbeat is not rarer than central counts on: the collector would be shown as silent between two", async () => {
  const yaml = `central: { url: "https://a.example", apiKeyFile: key }\ncameras: [{ id: a, adapter: folder, path: a }]`;
  const problems = await problemsOf(() => withYaml(yaml, { HEARTBEAT_MS: "300000" }));
  expect(problems).toEqual(["heartbeatMs must be at most 60000."]);
});

test("a whole file is read, paths count from the file, and what is left out has its default", async () => {
  const { folder, config } = await withYaml(`
central: { url: "https://alpr.example.org/", apiKeyFile: key }
cameras:
  - { id: drop, adapter: folder, path: incoming }
  - { id: gate, adapter: hikvision, token: 0123456789abcdef, trustClock: true, location: { lat: 31.8, lon: 35.2 } }
`);
  expect(config).toEqual({
    mode: "edge",
    central: { url: "https://alpr.example.org", apiKey: anApiKey },
    dataDir: join(folder, "collector-data"),
    maxBytes: null,
    batch: { intervalMs: 5_000, rows: 50, bytes: 5 * 1024 * 1024 },
    listen: { host: "127.0.0.1", port: 8090 },
    heartbeatMs: 60_000,
    logLevel: "info",
    cameras: [
      { id: "drop", adapter: "folder", path: join(folder, "incoming") },
      {
        id: "gate",
        adapter: "hikvision",
        token: "0123456789abcdef",
        trustClock: true,
        location: { lat: 31.8, lon: 35.2 },
      },
    ],
  });
});

test("everything can be set by environment, which wins over the file", () => {
  const config = readConfig([], {
    CENTRAL_URL: "http://127.0.0.1:3000",
    API_KEY: anApiKey,
    DATA_DIR: "/var/lib/collector",
    MAX_GB: "32",
    BATCH: "residential",
    FLUSH_MS: "500",
    LISTEN_HOST: "0.0.0.0",
    LISTEN_PORT: "0",
    HEARTBEAT_MS: "5000",
    LOG_LEVEL: "debug",
    CAMERAS: '[{"id": "drop", "adapter": "folder", "path": "/drop"}]',
  });
  expect(config).toMatchObject({
    central: { url: "http://127.0.0.1:3000", apiKey: anApiKey },
    dataDir: "/var/lib/collector",
    maxBytes: 32_000_000_000,
    batch: { intervalMs: 500, rows: 100 },
    listen: { host: "0.0.0.0", port: 0 },
    heartbeatMs: 5_000,
    logLevel: "debug",
    cameras: [{ id: "drop", adapter: "folder", path: "/drop" }],
  });
});

test("all mistakes are listed at once, in sentences", async () => {
  const problems = await problemsOf(() =>
    withYaml(`
central: { ulr: "https://alpr.example.org", apiKey: alpr_short }
batch: huge
flushMs: 50
listen: { port: 70000 }
heartbeatMs: soon
colour: red
cameras:
  - { id: "a/b", adapter: folder }
  - { id: gate, adapter: hikvision, token: short }
  - { id: gate2, adapter: dahua }
`),
  );
  expect(problems).toEqual([
    "central.url must be the address of central, such as https://alpr.example.org.",
    "central.ulr is not a setting.",
    "batch must be one of residential, commercial, mall.",
    "flushMs must be at least 200.",
    "listen.port must be at most 65535.",
    "heartbeatMs must be of type number.",
    "cameras 1.id must be 1 to 64 letters, digits, blanks, dots, - or _, and begin with a letter or digit.",
    "cameras 1.path is missing.",
    "cameras 2.token must be 16 to 128 letters, digits, - or _ that nobody can guess.",
    'cameras 3.adapter must be "folder" or "hikvision".',
    "colour is not a setting.",
    "The API key must be alpr_ and 43 more characters, as central showed it.",
  ]);
});

test("nothing set at all names what is needed", async () => {
  expect(await problemsOf(() => readConfig([], {}))).toEqual([
    "central is missing.",
    "cameras is missing.",
    "central.apiKey or central.apiKeyFile is missing.",
  ]);
});

test("mode central is for cameras that push: a drop folder is a mistake there, by file or by environment", async () => {
  const env = (cameras: object[]) => ({
    MODE: "central",
    CENTRAL_URL: "http://127.0.0.1:3000",
    API_KEY: anApiKey,
    CAMERAS: JSON.stringify(cameras),
  });
  const gate = { id: "gate", adapter: "hikvision", token: "0123456789abcdef" };
  expect(readConfig([], env([gate])).mode).toBe("central");
  expect(await problemsOf(() => readConfig([], env([gate, { id: "drop", adapter: "folder", path: "/drop" }])))).toEqual(
    ["cameras 2.adapter must be a camera that pushes, in mode central."],
  );
});

test("what systemd says is read: the socket, and the watchdog in microseconds", () => {
  expect(readSupervision({})).toBeNull();
  expect(readSupervision({ NOTIFY_SOCKET: "/run/n" })).toEqual({ socket: "/run/n", watchdogMs: null });
  expect(readSupervision({ NOTIFY_SOCKET: "@n", WATCHDOG_USEC: "120000000" })).toEqual({
    socket: "@n",
    watchdogMs: 120_000,
  });
  expect(readSupervision({ NOTIFY_SOCKET: "@n", WATCHDOG_USEC: "0" })?.watchdogMs).toBeNull();
});

test("ids and tokens are used once", async () => {
  const camera = (id: string, token: string) => ({ id, adapter: "hikvision", token });
  const problemsWith = (...cameras: object[]) =>
    problemsOf(() => readConfig([], { CENTRAL_URL: "http://h", API_KEY: anApiKey, CAMERAS: JSON.stringify(cameras) }));
  const [one, two] = ["0123456789abcdef", "fedcba9876543210"];
  expect(await problemsWith(camera("gate", one), camera("Gate", two))).toEqual(["cameras names the same id twice."]);
  expect(await problemsWith(camera("gate", one), camera("exit", one))).toEqual(["cameras uses the same token twice."]);
  expect(await problemsWith()).toEqual(["cameras names no camera."]);
});

test.for([
  ["is missing", "--config", "/nowhere/collector.yaml", /^The settings file cannot be read: ENOENT/],
  ["an unknown argument", "--conf", "x", /^Unknown option '--conf'/],
] as const)("%s is said in a sentence", async ([, name, value, sentence]) => {
  expect((await problemsOf(() => readConfig([name, value], {})))[0]).toMatch(sentence);
});

test("a file that is not YAML, and a key file that cannot be read, are said in sentences", async () => {
  expect((await problemsOf(() => withYaml("central: [")))[0]).toMatch(/ is not YAML: /);
  const [problem] = await problemsOf(() =>
    readConfig([], {
      CENTRAL_URL: "http://h",
      API_KEY_FILE: "/nowhere/key",
      CAMERAS: '[{"id":"a","adapter":"folder","path":"/a"}]',
    }),
  );
  expect(problem).toMatch(/^central\.apiKeyFile cannot be read: ENOENT/);
});

test("the example beside the package is a valid file", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "collector.yaml");
  const example = readFileSync(new URL("../collector.example.yaml", import.meta.url), "utf8");
  await writeFile(path, example);
  const { central } = parse(example) as { central: { apiKeyFile: string } };
  await mkdir(join(folder.path, "secrets"));
  await writeFile(join(folder.path, central.apiKeyFile), anApiKey);
  expect(readConfig(["--config", path], {}).cameras.length).toBeGreaterThan(1);
});
