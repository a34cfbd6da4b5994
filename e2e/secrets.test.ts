/**
 * Planted canaries: passwords, codes, tokens, cookies, keys, plates and purposes go through every door of a central that logs
 * all it can, and none of them may be found in what it wrote beside its database.
 * Rule: what is searched is bytes on the disk and on the terminal, not what a logger was asked to write.
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Account, type Central, addAdministrator, operate, signIn, startCentral } from "./support/central.ts";
import { CAMERA, aPicture, dropDetection, prepareSite } from "./support/collector.ts";
import { type Running, endEverything, temporaryFolder, until } from "./support/processes.ts";
import { totpCode } from "./support/totp.ts";

const dataDir = temporaryFolder("secrets");
let central: Central;
let collector: Running;
let account: Account;
/** What may be found nowhere, by what it is. */
const canaries: Record<string, string> = {};

beforeAll(async () => {
  central = await startCentral(dataDir, undefined, { LOG_LEVEL: "trace" });
  account = await addAdministrator(dataDir);
});

afterAll(() => endEverything(dataDir));

const raw = (procedure: string, input: unknown, headers: Record<string, string> = {}) =>
  fetch(`${central.url}/trpc/${procedure}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: central.url, ...headers },
    body: JSON.stringify(input),
  });

test("secrets and plates pass through every door", async () => {
  canaries["wrong password"] = "canary wrong passphrase 7431";
  await raw("auth.login", { email: account.email, password: canaries["wrong password"] });
  canaries["address of a stranger"] = "canary-stranger@example.org";
  await raw("auth.login", { email: canaries["address of a stranger"], password: "another long passphrase" });
  canaries["broken body"] = "canary-in-a-broken-body";
  await fetch(`${central.url}/trpc/auth.login`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: central.url },
    body: `{"password": "${canaries["broken body"]}`,
  });
  canaries["session cookie of nobody"] = "canarycanarycanarycanarycanarycanarycana";
  await raw("auth.me", {}, { Cookie: `session=${canaries["session cookie of nobody"]}` });
  canaries["unknown link"] = "canary-link-canary-link-canary-link-canary1";
  await raw("auth.invitation", { token: canaries["unknown link"] });
  canaries["unknown key"] = `alpr_canary${"k".repeat(37)}`;
  await fetch(`${central.url}/api/v1/heartbeat`, { method: "POST", headers: { "X-API-Key": canaries["unknown key"] } });

  canaries["password"] = account.password;
  canaries["authenticator secret"] = account.totpSecret;
  canaries["code"] = totpCode(account.totpSecret);
  const person = await signIn(central.url, account);
  canaries["session cookie"] = person.cookie("session");
  const { recoveryCodes } = await person.call<{ recoveryCodes: string[] }>("auth.renewRecoveryCodes", {});
  canaries["recovery code"] = recoveryCodes[0] ?? "";
  const invited = { email: "canary-invited@example.org", name: "Canary Invited", role: "viewer" };
  const { link } = await person.call<{ link: string }>("users.invite", { ...invited, area: null, trainedOn: null });
  canaries["invitation"] = link.split("#")[1] ?? "";
  canaries["address of an invited person"] = invited.email;

  const added = await operate(dataDir, ["collector", "add", "--name", "Gate"]);
  canaries["key"] = added["apiKey"] ?? "";
  await operate(dataDir, ["camera", "approve", "--collector", "Gate", "--id", CAMERA]);
  const site = prepareSite(temporaryFolder("secrets-collector"), { url: central.url, apiKey: canaries["key"] });
  collector = await site.start();
  canaries["plate"] = "CANARY77";
  await dropDetection(site, "one", {
    plate: canaries["plate"],
    capturedAt: new Date().toISOString(),
    pictures: [aPicture("crop", 10_000)],
  });
  canaries["purpose"] = "canary purpose about a neighbour";
  await person.call("investigations.open", { code: "incident", text: canaries["purpose"] });
  const search = () => person.call<{ hits: unknown[] }>("detections.search", { plate: "CANARY77" });
  await until("the detection is found", async () => (await search()).hits.length === 1, {
    withinMs: 30_000,
    everyMs: 1000,
  });
  await person.call("detections.timeline", { plate: "CANARY77" });
  // A screen's address holds a plate.
  await person.get("/plates/CANARY77");
  await person.call("auth.logout", {});
  expect(Object.entries(canaries).filter(([, canary]) => canary.length < 6)).toEqual([]);
});

/** Files of logs and settings; the database's own, the evidence and the keys are where the secrets belong. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (["cluster", "evidence", "keys"].includes(name)) return [];
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });

test("nothing of it is in a log: not central's, not the collector's, not the database's", () => {
  const written = new Map([
    ["central's output", central.output()],
    ["the collector's output", collector.output()],
    ...filesBelow(dataDir).map((path) => [relative(dataDir, path), readFileSync(path, "utf8")] as const),
  ]);
  expect(central.output()).toContain('"request"');
  expect([...written.keys()].some((name) => name.endsWith("server.log"))).toBe(true);
  const found = [...written].flatMap(([where, text]) =>
    Object.entries(canaries)
      .filter(([, canary]) => text.includes(canary))
      .map(([what]) => `${what} in ${where}`),
  );
  // A code of six digits may stand in any number; it is looked for as a word.
  expect(found.filter((line) => !line.startsWith("code in"))).toEqual([]);
  const asWord = new RegExp(`(?<![\\d.])${canaries["code"]}(?![\\d.])`);
  expect([...written].filter(([, text]) => asWord.test(text)).map(([where]) => where)).toEqual([]);
});
