/**
 * What a person meets who starts central: the first start, every mistake they can make, the end, and the next start.
 * Rule: a mistake is one sentence that says what to do, and nothing keeps running after it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Central, operate, startCentral } from "./support/central.ts";
import { aPicture } from "./support/collector.ts";
import {
  ROOT,
  type StartOptions,
  endEverything,
  postgresPid,
  runProcess,
  startProcess,
  temporaryFolder,
  until,
} from "./support/processes.ts";
import { totpCode } from "./support/totp.ts";

/** EX_CONFIG of sysexits.h: the service manager need not try again. */
const EXIT_CONFIG = 78;
/** "Within seconds": a start that fails does less than one that works, also on a busy machine. */
const REFUSED_WITHIN_MS = 10_000;
const STOPPED_WITHIN_MS = 10_000;
const RESUMED_WITHIN_MS = 8000;

const folder = temporaryFolder("start");
const dataDir = join(folder, "data");
let central: Central;

afterAll(() => endEverything(dataDir, join(folder, "cut")));

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** Starts central where it cannot run; it must end by itself with one sentence. */
const refusal = async (environment: Record<string, string>, options: Partial<StartOptions> = {}): Promise<string> => {
  const { code, output, ms } = await runProcess({ script: "packages/api/src/main.ts", environment, ...options });
  expect(code, output).toBe(EXIT_CONFIG);
  expect(ms).toBeLessThan(REFUSED_WITHIN_MS);
  const sentence = output.trim();
  expect(sentence.split("\n"), "one line").toHaveLength(1);
  expect(sentence).not.toMatch(/\bat .*:\d+:\d+/);
  return sentence;
};

/** Sends a signal to a central with a connection on which `said` was sent, and says how long it took to end. */
const stop = async (running: Central, signal: "SIGTERM" | "SIGINT", said: string): Promise<number> => {
  const idle = connect(running.port, "127.0.0.1");
  await new Promise((resolve) => idle.once("connect", resolve));
  idle.on("error", () => undefined).write(said);
  const startedAt = performance.now();
  running.signal(signal);
  const { code } = await running.exited;
  idle.destroy();
  expect(code, running.output()).toBe(0);
  return performance.now() - startedAt;
};

test("the first start makes everything it needs and prints a link that makes the first administrator, once", async () => {
  central = await startCentral(dataDir);
  const { output, url } = central;
  await until("the link is printed", () => /\/setup#\S+/.test(output()));
  const [, printedUrl, token] = /(http:\S+)\/setup#(\S+)/.exec(output()) ?? [];
  expect(printedUrl).toBe(url);

  const page = await fetch(`${url}/setup`);
  expect(page.headers.get("content-type")).toContain("text/html");
  const call = async (procedure: string, input: object) => {
    const response = await fetch(`${url}/trpc/${procedure}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: url },
      body: JSON.stringify({ token, ...input }),
    });
    return {
      status: response.status,
      body: (await response.json()) as { result?: { data: { totpSecret: string; proof: string } } },
    };
  };
  const account = { email: "first@example.org", name: "First", password: "a long enough passphrase" };
  const { body } = await call("auth.accept", account);
  const { totpSecret: secret = "", proof } = body.result?.data ?? {};
  expect((await call("auth.confirm", { proof, code: totpCode(secret) })).status).toBe(200);
  expect((await call("auth.confirm", { proof, code: totpCode(secret) })).status).toBe(404);
});

test.runIf(hasCurl)(
  "the one command of docs/api.md stores a detection, and repeats it with the same receipt",
  async () => {
    const guide = readFileSync(join(ROOT, "docs/api.md"), "utf8").split("## A collector in one command")[1] ?? "";
    const command = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)]
      .map(([, block]) => block ?? "")
      .find((block) => block.startsWith("curl"));
    const { apiKey } = await operate(dataDir, ["collector", "add", "--name", "Front gate"]);
    const pictures = [aPicture("full", 60_000), aPicture("crop", 15_000)];
    for (const { role, bytes } of pictures) writeFileSync(join(folder, `${role}.jpg`), bytes);
    const environment = {
      URL: central.url,
      KEY: apiKey ?? "",
      AT: new Date().toISOString(),
      ID: "01930000-0000-7000-8000-000000000001",
    };
    const send = () =>
      JSON.parse(
        execFileSync("sh", ["-c", command ?? "exit 1"], {
          cwd: folder,
          env: { PATH: process.env["PATH"], ...environment },
          encoding: "utf8",
        }),
      ) as { results: { status: string; missing: string[]; receipt: object }[] };

    const [first] = send().results;
    expect(first).toMatchObject({ status: "stored", missing: [] });
    const [again] = send().results;
    expect(again).toMatchObject({ status: "duplicate", receipt: first?.receipt });
    for (const { sha256, bytes } of pictures) {
      const kept = readFileSync(join(dataDir, "evidence/objects", sha256.slice(0, 2), sha256));
      expect(kept.equals(bytes)).toBe(true);
      expect(createHash("sha256").update(kept).digest("hex")).toBe(sha256);
    }
  },
);

test("a second server on the same data is refused, and the first one goes on", async () => {
  expect(await refusal({ DATA_DIR: dataDir, PORT: "0" })).toContain("already uses");
  expect((await fetch(`${central.url}/readyz`)).status).toBe(200);
});

test("a taken port is told before a database is made", async () => {
  const elsewhere = join(folder, "elsewhere");
  expect(await refusal({ DATA_DIR: elsewhere, PORT: String(central.port) })).toContain(`Port ${central.port} is taken`);
  expect(existsSync(join(elsewhere, "postgres"))).toBe(false);
});

test("SIGTERM stops central and its database within ten seconds, whatever browser keeps a connection open", async () => {
  const pid = postgresPid(dataDir);
  expect(pid).not.toBeNull();
  const ms = await stop(central, "SIGTERM", "");
  expect(ms).toBeLessThan(STOPPED_WITHIN_MS);
  expect(postgresPid(dataDir)).toBeNull();
  console.log(`SIGTERM: ${Math.round(ms)} ms`);
});

test("the second start resumes within eight seconds, with its data and without a set-up link", async () => {
  central = await startCentral(dataDir);
  expect(central.startedInMs).toBeLessThan(RESUMED_WITHIN_MS);
  expect(central.output()).not.toContain("/setup#");
  console.log(`second start: ${Math.round(central.startedInMs)} ms`);
});

test("SIGINT stops central and its database within ten seconds, whatever upload has stalled", async () => {
  const head = [
    "POST /trpc/auth.login HTTP/1.1",
    "Host: x",
    `Origin: ${central.url}`,
    "Content-Type: application/json",
  ];
  const ms = await stop(central, "SIGINT", [...head, "Content-Length: 100", "", "{"].join("\r\n"));
  expect(ms).toBeLessThan(STOPPED_WITHIN_MS);
  expect(postgresPid(dataDir)).toBeNull();
  console.log(`SIGINT: ${Math.round(ms)} ms`);
});

test("a kill -9 in the middle of the very first start leaves nothing half made", async () => {
  const cut = join(folder, "cut");
  const first = startProcess({ script: "packages/api/src/main.ts", environment: { DATA_DIR: cut, PORT: "0" } });
  await until("the database is being made", () => existsSync(cut) && readdirSync(cut).includes("postgres.new"), {
    everyMs: 1,
  });
  await first.kill();
  const second = await startCentral(cut);
  expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
  await stop(second, "SIGTERM", "");
});

test.for([
  ["the database's files", "postgres/cluster", "incomplete"],
  ["the database's password", "postgres/password", "incomplete"],
  ["the keys", "keys", "keys"],
] as const)(
  "a data directory without %s is told in one sentence, and works again when it is put back",
  async ([, part, word]) => {
    const [here, away] = [join(dataDir, part), join(folder, "away")];
    renameSync(here, away);
    try {
      expect(await refusal({ DATA_DIR: dataDir, PORT: "0" })).toContain(word);
      expect(postgresPid(dataDir)).toBeNull();
    } finally {
      execFileSync("rm", ["-rf", here]);
      renameSync(away, here);
    }
  },
);

test("a data directory that cannot be written to is told in one sentence", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(await refusal({ DATA_DIR: join(file, "data"), PORT: "0" })).toContain("cannot be written to");
});

test("every mistake in the environment is told at once, each in one line", async () => {
  const { code, output } = await runProcess({
    script: "packages/api/src/main.ts",
    environment: { DATA_DIR: join(folder, "unused"), PORT: "seventy", EVIDENCE_STORE: "tape", HOST: "0.0.0.0" },
  });
  expect(code).toBe(EXIT_CONFIG);
  expect(output).toMatch(/^PORT /m);
  expect(output).toMatch(/^EVIDENCE_STORE /m);
  expect(existsSync(join(folder, "unused"))).toBe(false);
});
