/** The operator's command as a process, on a data directory of its own with the embedded database. */
import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { openEmbedded } from "@chaverim/db/embedded";
import { openDatabase } from "@chaverim/db/open";
import { decodeBase32IgnorePadding } from "@oslojs/encoding";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openKeys } from "../keys.ts";
import { matchingStep } from "../auth/totp.ts";
import { codeOf } from "../testing/people.ts";

const CLI = fileURLToPath(new URL("cli.ts", import.meta.url));
/** Each command is a process of its own: a test with five of them takes its time where little is to be had. */
vi.setConfig({ testTimeout: 120_000 });
let dataDir: string;
/** As a running server would hold it; the commands use the one that runs. */
let server: Awaited<ReturnType<typeof openEmbedded>>;
let database: ReturnType<typeof openDatabase>;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "chaverim-cli-"));
  server = await openEmbedded(dataDir, "server");
  database = openDatabase(server.url, { max: 1 });
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

type Run = { code: number | null; out: string; error: string };
const alpr = async (args: string[], input = "", environment: Record<string, string> = {}): Promise<Run> => {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env["PATH"], DATA_DIR: dataDir, ...environment },
  });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, error };
};
const json = async (args: string[], input?: string) => {
  const { code, out, error } = await alpr([...args, "--json"], input);
  expect([code, error]).toEqual([0, ""]);
  return JSON.parse(out) as Record<string, string>;
};
const PASSWORD = "a long enough passphrase";
const user = (email: string, ...more: string[]) => [
  "user",
  "add",
  "--email",
  email,
  "--name",
  "N",
  "--role",
  "admin",
  "--password-stdin",
  ...more,
];

test("user add prints what an authenticator needs, once, and keeps the secret sealed", async () => {
  const made = await json(user("Op@Example.org"), `${PASSWORD}\n`);
  expect(Object.keys(made)).toEqual(["id", "email", "totpSecret", "totpUri", "recoveryCodes"]);
  expect(made["recoveryCodes"]).toHaveLength(10);
  expect(made).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    email: "op@example.org",
    totpSecret: expect.stringMatching(/^[A-Z2-7]{32}$/),
  });
  expect(made["totpUri"]).toMatch(/^otpauth:\/\/totp\/Chaverim%20ALPR:op(@|%40)example\.org\?/);
  const secret = decodeBase32IgnorePadding(made["totpSecret"] ?? "");
  const [row] = await database.sql<
    { secret: Buffer; hash: string }[]
  >`select totp_secret as secret, password_hash as hash from users`;
  expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/);
  expect(row?.secret.includes(Buffer.from(secret))).toBe(false);
  const keys = await openKeys(join(dataDir, "keys"), false);
  expect(keys.unseal(row?.secret ?? Buffer.alloc(0)).equals(secret)).toBe(true);
  expect(matchingStep(secret, codeOf(secret), Date.now())).not.toBeNull();
});

/** The newest entries that the operator's command left, oldest first. */
const acts = (count: number) => database.sql<{ command: string; filters: Record<string, string>; outcome: string }[]>`
  select * from (select id, filters ->> 'command' as command, filters - 'command' as filters, outcome, failure, user_id as "userId"
    from access_log where action = 'console.act' order by id desc limit ${count}) newest order by id`;

test("Nobody gets the name that the command itself has in the log", async () => {
  const { code, error } = await alpr(
    ["user", "add", "--email", "x@example.org", "--name", "server CONSOLE", "--role", "viewer", "--password-stdin"],
    PASSWORD,
  );
  expect([code, error]).toEqual([2, expect.stringMatching(/what the server's own command is called/)]);
});

test("What user add changes is in the access log, without the password and the secret", async () => {
  const made = await json([...user("noted@example.org"), "--area", "North", "--trained", "2026-01-02"], PASSWORD);
  const [act] = await acts(1);
  expect(act).toMatchObject({
    command: "user add",
    filters: { email: "noted@example.org", name: "N", role: "admin", area: "North", trained: "2026-01-02" },
    outcome: "ok",
    failure: null,
    userId: null,
  });
  const [row] = await database.sql<{ text: string }[]>`select string_agg(a::text, ' ') as text from access_log a`;
  for (const secret of [PASSWORD, made["totpSecret"] ?? "-"]) expect(row?.text).not.toContain(secret);
  expect(
    await database.sql`select area, trained_on::text as "trainedOn" from users where email = 'noted@example.org'`,
  ).toEqual([{ area: "North", trainedOn: "2026-01-02" }]);
});

test("A command that could not be done leaves a second entry with the failure; one that changes nothing leaves none", async () => {
  expect((await alpr(user("noted@example.org"), PASSWORD)).code).toBe(2);
  expect((await alpr(user("noted@example.org", "--trained", "2999-01-01"), PASSWORD)).error).toMatch(
    /has not come yet/,
  );
  expect((await alpr(["user", "list"])).code).toBe(0);
  expect(await acts(4)).toMatchObject([
    { command: "user add", outcome: "ok", failure: null },
    { command: "user add", outcome: "error", failure: "conflict" },
    { command: "user add", outcome: "ok", failure: null },
    { command: "user add", outcome: "error", failure: "invalid" },
  ]);
});

const disable = (email: string) => ["user", "disable", "--email", email, "--reason", "left us"];

test("user disable shuts somebody out and ends their devices, and user enable lets them in again", async () => {
  const [noted] = await database.sql<{ id: string }[]>`select id from users where email = 'noted@example.org'`;
  const id = noted?.id ?? null;
  await database.sql`insert into sessions (id_hash, user_id, kind, assurance, idle_expires_at, absolute_expires_at)
    values ('\\x01', ${id}, 'desktop', 'password+totp', now() + interval '1 hour', now() + interval '1 hour')`;
  expect(await json(disable("Noted@example.org"))).toMatchObject({ email: "noted@example.org", disabled: true });
  expect(await database.sql`select disabled_reason as reason from users where id = ${id}`).toEqual([
    { reason: "left us" },
  ]);
  expect(await database.sql`select 1 from sessions where revoked_at is null`).toEqual([]);
  expect(await json(["user", "enable", "--email", "noted@example.org"])).toMatchObject({ disabled: false });
  expect(await database.sql`select 1 from users where id = ${id} and disabled_at is null`).toHaveLength(1);
});

test("The last administrator is not disabled, and user list says who is", async () => {
  await json(disable("noted@example.org"));
  expect((await alpr(disable("op@example.org"))).error).toMatch(/last administrator/);
  const listed = (await alpr(["user", "list"])).out;
  expect(listed).toMatch(/op@example\.org {2}N {2}admin {2}active/);
  expect(listed).toMatch(/noted@example\.org {2}N {2}admin {2}disabled/);
});

test("user invite and user reset-authenticator print a link, once, and keep only its hash", async () => {
  const invite = [
    "user",
    "invite",
    "--email",
    "new@example.org",
    "--name",
    "New",
    "--role",
    "viewer",
    "--area",
    "North",
  ];
  const { code, out } = await alpr([...invite, "--json"], "", { PUBLIC_URL: "https://alpr.example.org" });
  expect([code, out]).toEqual([0, expect.stringMatching(/"link":"https:\/\/alpr\.example\.org\/join#[\w-]{43}"/)]);
  const reset = await json(["user", "reset-authenticator", "--email", "op@example.org"]);
  expect(reset["link"]).toMatch(/^http:\/\/127\.0\.0\.1:3000\/join#[\w-]{43}$/);
  const rows = await database.sql<{ text: string }[]>`select i::text as text from invitations i
    union all select a::text from access_log a`;
  for (const link of [(JSON.parse(out) as { link: string }).link, reset["link"] ?? ""])
    expect(JSON.stringify(rows)).not.toContain(link.split("#")[1]);
  expect(
    await database.sql`select kind, email, invited_by as "invitedBy" from invitations where used_at is null order by kind`,
  ).toEqual([
    { kind: "invite", email: "new@example.org", invitedBy: null },
    { kind: "reset", email: "op@example.org", invitedBy: null },
  ]);
  expect((await alpr(["user", "list"])).out).toMatch(/op@example\.org {2}N {2}admin {2}waits for a new authenticator/);
});

test("collector add prints its id and its key, revoke refuses it", async () => {
  const made = await json(["collector", "add", "--name", "North"]);
  expect(Object.keys(made)).toEqual(["id", "apiKey"]);
  expect(made["apiKey"]).toMatch(/^alpr_[A-Za-z0-9_-]{43}$/);
  expect(await json(["collector", "revoke", "--id", made["id"] ?? "", "--reason", "stolen"])).toEqual({
    id: made["id"],
    revoked: true,
  });
  expect(
    await database.sql`select revoked_reason as reason, revoked_at is not null as revoked from collectors where name = 'North'`,
  ).toEqual([{ reason: "stolen", revoked: true }]);
});

test("collector rotate-key prints a new key, keys lists both, revoke-key ends one, and the log has it all but the keys", async () => {
  const { apiKey: old = "" } = await json(["collector", "add", "--name", "Rotating"]);
  const { apiKey: made = "", oldKeyUntil } = await json(["collector", "rotate-key", "--name", "rotating"]);
  expect(made).toMatch(/^alpr_[A-Za-z0-9_-]{43}$/);
  expect(Date.parse(oldKeyUntil ?? "")).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  expect(await json(["collector", "revoke-key", "--prefix", old.slice(0, 10), "--reason", "found on a desk"])).toEqual({
    prefix: old.slice(0, 10),
    revoked: true,
  });
  const { keys } = (await json(["collector", "keys", "--name", "Rotating"])) as unknown as { keys: unknown[] };
  expect(keys).toMatchObject([
    { prefix: made.slice(0, 10), lastUsedAt: null, expiresAt: null, revoked: null },
    { prefix: old.slice(0, 10), expiresAt: oldKeyUntil, revoked: "found on a desk" },
  ]);
  const acts = await database.sql<{ command: string; text: string }[]>`
    select filters ->> 'command' as command, access_log::text as text from access_log where action = 'console.act' order by id desc limit 3`;
  expect(acts.map(({ command }) => command)).toEqual(["collector revoke-key", "collector rotate-key", "collector add"]);
  for (const { text } of acts) for (const key of [old, made]) expect(text).not.toContain(key.slice(10));
});

test("camera approve places one camera, or all of a file", async () => {
  await json(["collector", "add", "--name", "South"]);
  const one = await json([
    "camera",
    "approve",
    "--collector",
    "south",
    "--id",
    "gate",
    "--name",
    "Gate",
    "--lat",
    "40.1",
    "--lon",
    "-74.2",
    "--heading",
    "90",
  ]);
  expect(one).toEqual({ approved: [expect.stringMatching(/^[0-9a-f-]{36}$/)] });
  const file = join(dataDir, "cameras.json");
  await writeFile(
    file,
    JSON.stringify([
      { id: "gate", area: "Centre" },
      { id: "yard", lat: 40.2, lon: -74.3 },
    ]),
  );
  expect((await json(["camera", "approve", "--collector", "South", "--file", file]))["approved"]).toHaveLength(2);
  expect(
    await database.sql`select key, name, area, lat, approved_at is not null as approved from cameras order by key`,
  ).toEqual([
    { key: "gate", name: "Gate", area: "Centre", lat: 40.1, approved: true },
    { key: "yard", name: "yard", area: null, lat: 40.2, approved: true },
  ]);
});

test("watchlist add and add-entry put a plate on a list", async () => {
  const list = await json(["watchlist", "add", "--name", "Urgent", "--priority", "1"]);
  expect(Object.keys(list)).toEqual(["id"]);
  const entry = await json([
    "watchlist",
    "add-entry",
    "--plate",
    "12-345-67",
    "--reason",
    "stolen",
    "--list",
    "urgent",
    "--match",
    "exact",
  ]);
  expect(entry).toMatchObject({ plate: "12-345-67", list: "Urgent", alreadyListed: [] });
  const again = await json(["watchlist", "add-entry", "--plate", "12 345 6I", "--reason", "stolen"]);
  expect(again["alreadyListed"]).toEqual([entry["id"]]);
});

test("Without --json the same is one line a value", async () => {
  const { code, out } = await alpr(["version"]);
  expect([code, out]).toEqual([0, expect.stringMatching(/^version: \S+\nnode: \S+\n$/)]);
});

test.each<[string, string[], string, RegExp]>([
  ["an address twice", user("op@example.org"), PASSWORD, /^op@example\.org has an account already\.$/],
  ["a short password", user("b@example.org"), "short", /at least 12 characters/],
  [
    "a password as an option",
    ["user", "add", "--email", "c@example.org", "--name", "N", "--role", "viewer"],
    "",
    /--password-stdin/,
  ],
  [
    "an unknown role",
    ["user", "add", "--email", "c@example.org", "--name", "N", "--role", "boss", "--password-stdin"],
    PASSWORD,
    /--role/,
  ],
  [
    "an invitation of somebody known",
    ["user", "invite", "--email", "noted@example.org", "--name", "N", "--role", "viewer"],
    "",
    /^noted@example\.org has an account already\.$/,
  ],
  ["nobody's address", disable("nobody@example.org"), "", /^Nobody has the address nobody@example\.org/],
  ["no reason", ["user", "disable", "--email", "noted@example.org"], "", /--reason/],
  ["a password of the own name", user("somebody@example.org"), "somebody@example", /your own name or address/],
  ["no address", ["user", "add", "--name", "N", "--role", "viewer", "--password-stdin"], PASSWORD, /--email/],
  ["an option that does not exist", ["collector", "add", "--nam", "x"], "", /--nam/],
  ["no name", ["collector", "add"], "", /--name is needed/],
  ["a collector name twice", ["collector", "add", "--name", "SOUTH"], "", /already a collector called SOUTH/],
  [
    "an id that does not exist",
    ["collector", "revoke", "--id", crypto.randomUUID(), "--reason", "x"],
    "",
    /no such collector/,
  ],
  [
    "a key that does not exist",
    ["collector", "revoke-key", "--prefix", "alpr_00000", "--reason", "x"],
    "",
    /No key that works/,
  ],
  ["a rotation for nobody", ["collector", "rotate-key", "--name", "none"], "", /no such collector/],
  [
    "a collector that does not exist",
    ["camera", "approve", "--collector", "none", "--id", "x"],
    "",
    /no collector called none/,
  ],
  [
    "a file that does not exist",
    ["camera", "approve", "--collector", "South", "--file", "/none.json"],
    "",
    /none\.json/,
  ],
  ["a latitude off the globe", ["camera", "approve", "--collector", "South", "--id", "x", "--lat", "91"], "", /--lat/],
  ["a priority that does not exist", ["watchlist", "add", "--name", "Never", "--priority", "4"], "", /--priority/],
  [
    "a list that does not exist",
    ["watchlist", "add-entry", "--plate", "AB1", "--reason", "stolen", "--list", "none"],
    "",
    /no list called none\. There are: /,
  ],
  [
    "a plate of one letter",
    ["watchlist", "add-entry", "--plate", "A", "--reason", "stolen"],
    "",
    /at least two letters or digits/,
  ],
  [
    "an expiry in the past",
    ["watchlist", "add-entry", "--plate", "AB1", "--reason", "stolen", "--expires", "2020-01-01T00:00:00Z"],
    "",
    /in the past/,
  ],
])("A mistake (%s) is one sentence and exit code 2", async (_what, args, input, sentence) => {
  const { code, out, error } = await alpr(args, input);
  expect([code, out]).toEqual([2, ""]);
  expect(error.trim()).toMatch(sentence);
  expect(error.trim().split("\n")).toHaveLength(1);
});

test("A command that does not exist prints what there is, with exit code 2; --help with 0", async () => {
  const unknown = await alpr(["user", "destroy"]);
  expect([unknown.code, unknown.out]).toEqual([2, expect.stringContaining("user add --email")]);
  expect((await alpr(["--help"])).code).toBe(0);
});

test("A database that does not answer is one sentence", async () => {
  const { code, error } = await alpr(["collector", "add", "--name", "x"], "", {
    DATABASE_URL: "postgres://alpr:x@127.0.0.1:9/alpr",
  });
  expect([code, error]).toEqual([
    2,
    "The database at 127.0.0.1:9 does not answer: check DATABASE_URL and that PostgreSQL runs.\n",
  ]);
});

test("The doctor says what is wrong and how to mend it, and changes nothing", async () => {
  const { code, out } = await alpr(["doctor", "--json"]);
  const { healthy, checks } = JSON.parse(out) as {
    healthy: boolean;
    checks: { name: string; ok: boolean; detail: string; fix: string | null }[];
  };
  expect(code).toBe(healthy ? 0 : 1);
  const byName = new Map(checks.map((check) => [check.name, check]));
  for (const name of ["node", "database", "keys fit", "key files", "accounts", "outbox"])
    expect([name, byName.get(name)?.ok]).toEqual([name, true]);
  for (const { ok, fix } of checks) expect(ok).toBe(fix === null);
  await chmod(join(dataDir, "keys/secrets.key"), 0o644);
  const open = await alpr(["doctor"]);
  expect([open.code, open.out]).toEqual([
    1,
    expect.stringMatching(/^FIX +key files +secrets\.key can be read by others +-> +chmod 600 /m),
  ]);
  await chmod(join(dataDir, "keys/secrets.key"), 0o600);
});

test("Keys of another installation are noticed by the doctor", async () => {
  const path = join(dataDir, "keys/secrets.key");
  const before = await readFile(path, "utf8");
  await writeFile(path, Buffer.alloc(32, 7).toString("base64"));
  const { out } = await alpr(["doctor"]);
  await writeFile(path, before);
  expect(out).toMatch(/^FIX +keys fit /m);
});

test("Before anything was started the doctor has an answer, too", async () => {
  const empty = await mkdtemp(join(tmpdir(), "chaverim-empty-"));
  const { code, out, error } = await alpr(["doctor"], "", { DATA_DIR: join(empty, "none") });
  expect([code, error]).toEqual([1, ""]);
  expect(out).toMatch(/^FIX +key files /m);
  expect(execFileSync("ps", ["-eo", "args"]).toString()).not.toContain(`${empty}/none`);
  await rm(empty, { recursive: true });
});
