/** What every way of keeping sessions has to do: one contract, both implementations. */
import { createHash } from "node:crypto";
import { DEFAULT_POLICY, type PolicySettings } from "@chaverim/contracts";
import { type TestDatabase, openTestDatabase } from "@chaverim/db/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type Policy, createPolicy } from "../policy/policy.ts";
import { createLuciaSessions } from "./lucia-sessions.ts";
import { createPlainSessions } from "./plain-sessions.ts";
import type { NewSession, Session, Sessions } from "./port.ts";

let database: TestDatabase;
let policy: Policy;
let userId: string;
let admin: string;
beforeAll(async () => {
  database = await openTestDatabase(inject("testServerUrl"));
  policy = createPolicy(database.sql);
  admin = await aUserId();
});
afterAll(() => database[Symbol.asyncDispose]());

const aUserId = async (): Promise<string> => {
  const [user] = await database.sql<{ id: string }[]>`
    insert into users (email, name, role, password_hash, totp_secret)
    values (gen_random_uuid() || '@example.org', 'A viewer', 'viewer', '-', '') returning id`;
  return user?.id ?? "";
};

/** Lets time pass for one person's sessions: every time in their rows moves into the past. */
const pass = async (text: string, ofUser = userId): Promise<void> => {
  await database.sql`update sessions set created_at = created_at - ${text}::interval, last_used_at = last_used_at - ${text}::interval,
    idle_expires_at = idle_expires_at - ${text}::interval, absolute_expires_at = absolute_expires_at - ${text}::interval,
    step_up_at = step_up_at - ${text}::interval, previous_until = previous_until - ${text}::interval where user_id = ${ofUser}`;
};

const setSessions = async (sessions: Partial<PolicySettings["sessions"]>) => {
  const { version } = await policy.current();
  await policy.set({ ...DEFAULT_POLICY, sessions: { ...DEFAULT_POLICY.sessions, ...sessions } }, version, null);
};

const DESKTOP: NewSession = {
  kind: "desktop",
  assurance: "password+totp",
  steppedUp: true,
  device: "Firefox · Linux",
  ip: "192.0.2.7",
  userAgent: "a browser",
};
const APP: NewSession = { ...DESKTOP, kind: "app" };
const HALF: NewSession = { ...DESKTOP, assurance: "password", steppedUp: false };
const minutesUntil = (end: Date | undefined) => Math.round(((end?.getTime() ?? 0) - Date.now()) / 60_000);

const IMPLEMENTATIONS: [string, (sql: TestDatabase["sql"], policy: Policy) => Sessions][] = [
  ["lucia", createLuciaSessions],
  ["plain", createPlainSessions],
];

describe.each(IMPLEMENTATIONS)("%s", (_name, createSessions) => {
  let sessions: Sessions;
  beforeEach(async () => {
    sessions = createSessions(database.sql, policy);
    userId = await aUserId();
    await setSessions({});
  });
  const open = async (session: NewSession = DESKTOP): Promise<Session> => {
    const { id } = await sessions.create(userId, session);
    const opened = await sessions.validate(id, false);
    if (!opened) throw new Error("the session is not open");
    return opened;
  };
  const isOpen = async (id: string) => (await sessions.validate(id, false)) !== null;
  /** As cookie and as device. */
  const areOpen = async ({ id, deviceId }: Session) => [
    await isOpen(id),
    (await sessions.userOfDevice(deviceId)) !== null,
  ];

  test("A session says whose it is, on which device, and when it ends", async () => {
    const { id, maxAgeSeconds } = await sessions.create(userId, DESKTOP);
    expect(id).toMatch(/^[a-z2-7]{40}$/);
    expect(maxAgeSeconds).toBe(12 * 3600);
    const session = await sessions.validate(id, false);
    expect(session).toEqual({
      id,
      deviceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      device: "Firefox · Linux",
      kind: "desktop",
      assurance: "password+totp",
      user: expect.objectContaining({ id: userId, role: "viewer", area: null, trainedOn: null }),
      stepUpAt: expect.any(Date),
      idleExpiresAt: expect.any(Date),
      absoluteExpiresAt: expect.any(Date),
      investigation: null,
    });
    expect(await sessions.userOfDevice(session?.deviceId ?? "")).toEqual(session?.user);
    expect([minutesUntil(session?.idleExpiresAt), minutesUntil(session?.absoluteExpiresAt)]).toEqual([30, 720]);
  });

  test("The database holds the hash of an id, never the id, also after a step-up", async () => {
    const { id } = await open();
    const next = await sessions.stepUp(id);
    const [row] = await database.sql<{ text: string; hashes: string[] }[]>`
      select s::text as text, array[encode(id_hash, 'hex'), encode(previous_id_hash, 'hex')] as hashes
      from sessions s where user_id = ${userId}`;
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(row?.hashes).toEqual([sha256(next?.id ?? ""), sha256(id)]);
    for (const secret of [id, next?.id ?? ""]) {
      expect(row?.text).not.toContain(secret);
      expect(row?.text).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });

  test.each(["", "a".repeat(40), "'; drop table sessions; --", "\u0000"])("The id %j is nobody's", async (id) => {
    await open();
    expect(await sessions.validate(id, true)).toBeNull();
    expect(await sessions.stepUp(id)).toBeNull();
    await sessions.end(id);
    expect(await sessions.userOfDevice(crypto.randomUUID())).toBeNull();
  });

  test("The five minutes between password and code are not postponed, and are no device", async () => {
    const half = await open(HALF);
    expect(half.stepUpAt).toBeNull();
    expect(await sessions.userOfDevice(half.deviceId)).toBeNull();
    await pass("4 minutes 50 seconds");
    expect(await sessions.validate(half.id, true)).not.toBeNull();
    await pass("15 seconds");
    expect(await isOpen(half.id)).toBe(false);
  });

  test("A browser ends after 30 minutes without use, an installed application does not", async () => {
    const [desktop, app] = [await open(), await open(APP)];
    await pass("29 minutes 50 seconds");
    expect([await areOpen(desktop), await areOpen(app)]).toEqual([
      [true, true],
      [true, true],
    ]);
    await pass("15 seconds");
    // The device first: validating the cookie may remove the row.
    expect(await sessions.userOfDevice(desktop.deviceId)).toBeNull();
    expect([await areOpen(desktop), await areOpen(app)]).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  test("An installed application ends after 72 hours without use", async () => {
    const [unused, used] = [await open(APP), await open(APP)];
    expect(minutesUntil(used.idleExpiresAt)).toBe(72 * 60);
    await pass("71 hours 59 minutes");
    expect(await sessions.validate(used.id, true)).not.toBeNull();
    await pass("61 seconds");
    expect(await sessions.userOfDevice(unused.deviceId)).toBeNull();
    expect([await areOpen(unused), await areOpen(used)]).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  test("A session that was opened without a code of the authenticator is not stepped up until one is given", async () => {
    const session = await open({ ...DESKTOP, steppedUp: false });
    expect([session.stepUpAt, (await open()).stepUpAt]).toEqual([null, expect.any(Date)]);
    const next = await sessions.stepUp(session.id);
    expect((await sessions.validate(next?.id ?? "", false))?.stepUpAt).toEqual(expect.any(Date));
  });

  test("The policy's idle time counts also for sessions that were open before it changed", async () => {
    const session = await open();
    await setSessions({ idleMinutes: 5 });
    expect(minutesUntil((await sessions.validate(session.id, false))?.idleExpiresAt)).toBe(5);
    await pass("5 minutes 5 seconds");
    expect(await sessions.userOfDevice(session.deviceId)).toBeNull();
    expect(await isOpen(session.id)).toBe(false);
  });

  test("A strict policy ends installed applications like browsers, also those that were open before", async () => {
    const [idle, used] = [await open(APP), await open(APP)];
    await setSessions({ strictInstalled: true });
    const strict = await open(APP);
    expect([minutesUntil(strict.idleExpiresAt), minutesUntil(strict.absoluteExpiresAt)]).toEqual([30, 720]);
    await pass("20 minutes");
    await sessions.validate(used.id, true);
    await pass("20 minutes");
    expect([await areOpen(idle), await areOpen(used)]).toEqual([
      [false, false],
      [true, true],
    ]);
    await database.sql`update sessions set created_at = now() - interval '12 hours 1 second' where id = ${used.deviceId}`;
    expect(await areOpen(used)).toEqual([false, false]);
  });

  test.each([
    ["A browser", DESKTOP, "11 hours 59 minutes"],
    ["An installed application", APP, "13 days 23 hours 59 minutes"],
  ])("%s ends at its absolute end, whatever its use", async (_who, kind, before) => {
    const session = await open(kind);
    await pass(before);
    // Used a moment ago.
    await database.sql`update sessions set last_used_at = now(), idle_expires_at = now() + interval '10 minutes' where user_id = ${userId}`;
    const used = await sessions.validate(session.id, true);
    expect(used?.idleExpiresAt.getTime()).toBeLessThanOrEqual(used?.absoluteExpiresAt.getTime() ?? 0);
    await pass("61 seconds");
    expect(await areOpen(session)).toEqual([false, false]);
  });

  test("A question that is no use never postpones the end", async () => {
    const session = await open();
    for (let turn = 0; turn < 6; turn++) {
      await pass("4 minutes 55 seconds");
      await sessions.validate(session.id, false);
      await sessions.userOfDevice(session.deviceId);
    }
    await pass("31 seconds");
    expect(await isOpen(session.id)).toBe(false);
  });

  test("Use postpones the end, and is written at most once a minute", async () => {
    const { id } = await open();
    const versions = async () => {
      const [row] = await database.sql<
        { version: string }[]
      >`select xmin::text as version from sessions where user_id = ${userId}`;
      return row?.version;
    };
    await pass("58 seconds");
    const before = await versions();
    await sessions.validate(id, true);
    expect(await versions()).toBe(before);
    await pass("3 seconds");
    expect(minutesUntil((await sessions.validate(id, true))?.idleExpiresAt)).toBe(30);
    const after = await versions();
    expect(after).not.toBe(before);
    await sessions.validate(id, true);
    expect(await versions()).toBe(after);
    for (let turn = 0; turn < 5; turn++) {
      await pass("29 minutes");
      expect(await sessions.validate(id, true)).not.toBeNull();
    }
  });

  test("Whoever is disabled is out at once, on every device", async () => {
    const [desktop, app] = [await open(), await open(APP)];
    await database.sql`update users set disabled_at = now() where id = ${userId}`;
    expect([await areOpen(desktop), await areOpen(app)]).toEqual([
      [false, false],
      [false, false],
    ]);
  });

  test("A step-up gives a new id; the old one goes on for ten seconds, and without the step-up", async () => {
    const session = await open();
    await pass("20 minutes");
    const next = await sessions.stepUp(session.id);
    expect(next?.id).not.toBe(session.id);
    expect(next?.maxAgeSeconds).toBeGreaterThan(11 * 3600 + 39 * 60);
    expect(next?.maxAgeSeconds).toBeLessThanOrEqual(11 * 3600 + 40 * 60);
    const [now, before] = [await sessions.validate(next?.id ?? "", false), await sessions.validate(session.id, true)];
    expect(Date.now() - (now?.stepUpAt?.getTime() ?? 0)).toBeLessThan(5000);
    expect(before?.stepUpAt).toBeNull();
    expect([now?.deviceId, before?.deviceId]).toEqual([session.deviceId, session.deviceId]);
    await pass("9 seconds");
    expect(await isOpen(session.id)).toBe(true);
    await pass("2 seconds");
    expect([await isOpen(session.id), await isOpen(next?.id ?? "")]).toEqual([false, true]);
    expect(await sessions.userOfDevice(session.deviceId)).not.toBeNull();
  });

  test("An id that was rotated away cannot be rotated again, and of two at once one wins", async () => {
    const { id } = await open();
    const both = await Promise.all([sessions.stepUp(id), sessions.stepUp(id)]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(await sessions.stepUp(id)).toBeNull();
    expect(await isOpen(both.find(Boolean)?.id ?? "")).toBe(true);
  });

  test("A device is revoked from elsewhere by its own person alone, once, and its row stays", async () => {
    const [first, second] = [await open(), await open()];
    expect(await sessions.revoke(first.deviceId, admin, admin)).toBe(false);
    expect(await sessions.revoke(first.deviceId, userId, admin)).toBe(true);
    expect(await sessions.revoke(first.deviceId, userId, admin)).toBe(false);
    expect([await areOpen(first), await areOpen(second)]).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(await sessions.stepUp(first.id)).toBeNull();
    expect(await database.sql`select revoked_by from sessions where id = ${first.deviceId}`).toEqual([
      { revoked_by: admin },
    ]);
  });

  test("A revoked session is out also by the id before its step-up", async () => {
    const session = await open();
    const next = await sessions.stepUp(session.id);
    await sessions.revoke(session.deviceId, userId, userId);
    expect([await isOpen(session.id), await isOpen(next?.id ?? "")]).toEqual([false, false]);
  });

  test("All devices end, or all but one; half a sign-in ends too and is not counted", async () => {
    const [first, second, third, half] = [await open(), await open(APP), await open(), await open(HALF)];
    expect(await sessions.revokeAll(userId, userId, second.deviceId)).toBe(2);
    const state = async () => Promise.all([first, second, third, half].map(({ id }) => isOpen(id)));
    expect(await state()).toEqual([false, true, false, false]);
    expect(await sessions.revokeAll(userId, null)).toBe(1);
    expect(await state()).toEqual([false, false, false, false]);
    expect(await sessions.revokeAll(userId, null)).toBe(0);
  });

  test("Signing out removes the session, also when the request was under way during a step-up", async () => {
    const [first, second] = [await open(), await open()];
    await sessions.end(first.id);
    expect([await areOpen(first), await areOpen(second)]).toEqual([
      [false, false],
      [true, true],
    ]);
    const next = await sessions.stepUp(second.id);
    await sessions.end(second.id);
    expect(await isOpen(next?.id ?? "")).toBe(false);
    expect(await database.sql`select 1 from sessions where user_id = ${userId}`).toEqual([]);
  });
});

test("A session that one implementation made is open for the other", async () => {
  userId = await aUserId();
  const [lucia, plain] = [createLuciaSessions(database.sql, policy), createPlainSessions(database.sql, policy)];
  const [byLucia, byPlain] = [await lucia.create(userId, DESKTOP), await plain.create(userId, DESKTOP)];
  expect(await plain.validate(byLucia.id, true)).toEqual(await lucia.validate(byLucia.id, true));
  expect(await lucia.validate(byPlain.id, true)).toEqual(await plain.validate(byPlain.id, true));
  expect((await plain.validate(byLucia.id, true))?.user.id).toBe(userId);
});
