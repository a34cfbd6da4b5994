/**
 * The access table, tried out: every procedure and every route with everybody, on their own object and on another's.
 * Rule: generated from the table. What the table lets in must succeed with a valid input, so that "let in" is proved and not
 * assumed; a procedure without an input here does not compile, and a route that the table does not list is found.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DEFAULT_POLICY,
  type FailureCode,
  PROCEDURES,
  type ProcedureName,
  ROUTES,
  type Role,
  type RouteName,
  accessOf,
  can,
} from "@chaverim/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { revokeCollector } from "../collectors/keys.ts";
import { createApp } from "../app.ts";
import { appRouter } from "../router.ts";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type TestUser, aUser, codeOf } from "../testing/people.ts";

const EVERYBODY = ["nobody", "password only", "viewer", "operator", "admin", "collector key", "revoked key"] as const;
type Who = (typeof EVERYBODY)[number];
const WHOSE = ["own", "other"] as const;
type Whose = (typeof WHOSE)[number];

const isRole = (who: Who): who is Role => ["viewer", "operator", "admin"].includes(who);

let central: TestCentral;
let collector: TestCollector;
let revoked: TestCollector;
/** Within everybody's reach, and an alert of a list that is not for the field. */
let near: { id: string; alertId: string };
let far: { id: string; alertId: string };

/** The engine is notified at once; a busy machine included. */
const ALERT_MS = 15_000;
const PLATE = { near: "NEAR123", far: "FAR1234" };

const watch = async (plate: string, field: boolean): Promise<void> => {
  const [list] = await central.sql<{ id: string }[]>`
    insert into watchlists (name, priority, field) values (${plate}, 2, ${field}) returning id`;
  await central.sql`insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, expires_at)
    values (${list?.id ?? ""}, ${plate}, ${plate}, 'matrix', 'exact', now() + interval '1 day')`;
};

/** One detection with both pictures and an alert; in the field's lists and area, or not. */
const pass = async (plate: string, camera: string, field: boolean) => {
  await watch(plate, field);
  const pictures = { full: aJpeg(), crop: aJpeg() };
  const detection = aDetection({ plate, cameraId: camera, capturedAt: new Date().toISOString() }, pictures);
  // The engine reads lists anew at their announcement; here they were made behind its back.
  await central.sql`select pg_notify('watchlists', '')`;
  await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
  const endMs = performance.now() + ALERT_MS;
  for (;;) {
    const [alert] = await central.sql<{ id: string }[]>`select id from alerts where plate = ${plate}`;
    if (alert) return { id: detection.id, alertId: alert.id };
    if (performance.now() > endMs) throw new Error(`no alert for ${plate}`);
    await sleep(50);
  }
};

beforeAll(async () => {
  central = await openTestCentral();
  collector = await central.addCollector(["north", "south"]);
  revoked = await central.addCollector();
  await revokeCollector(central.sql, revoked.id, "matrix", null);
  await central.sql`update cameras set area = key`;
  near = await pass(PLATE.near, "north", true);
  far = await pass(PLATE.far, "south", false);
}, 120_000);
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

/** Everything that a call may be about, new for each cell of the table. */
type World = {
  me: TestUser;
  stranger: TestUser;
  /** A further device of this person. */
  device: (userId: string) => Promise<string>;
  owner: (whose: Whose) => TestUser;
};

const sessionOf = (user: TestUser, assurance: "password" | "password+totp") =>
  central.central.sessions.create(user.id, {
    kind: "desktop",
    assurance,
    device: "Matrix",
    ip: "127.0.0.1",
    userAgent: null,
  });

const createWorld = async (role: Role): Promise<World> => {
  const me = await aUser(central.central, role, role === "viewer" ? { area: "north" } : {});
  const stranger = await aUser(central.central, "operator");
  return {
    me,
    stranger,
    owner: (whose) => (whose === "own" ? me : stranger),
    device: async (userId) => {
      const [row] = await central.sql<{ id: string }[]>`
        insert into sessions (id_hash, user_id, kind, assurance, device, idle_expires_at, absolute_expires_at)
        values (${randomBytes(32)}, ${userId}, 'desktop', 'password+totp', 'Other', now() + interval '1 hour', now() + interval '1 hour')
        returning id`;
      return row?.id ?? "";
    },
  };
};

const idOf = async (rows: Promise<readonly { id: string }[]>): Promise<string> => (await rows)[0]?.id ?? "";

const anInvitation = (world: World) =>
  idOf(central.sql<{ id: string }[]>`
    insert into invitations (token_hash, kind, email, name, role, invited_by, expires_at)
    values (${randomBytes(32)}, 'invite', ${`${randomUUID()}@example.org`}, 'Invited', 'viewer', ${world.stranger.id}, now() + interval '1 hour')
    returning id`);

const aReview = async (world: World, whose: Whose) =>
  idOf(central.sql<{ id: string }[]>`
    insert into reviews (kind, user_id, period, entry_ids) values ('budget', ${world.owner(whose).id}, ${randomUUID()}, '{}') returning id`);

const anApproval = async (whose: Whose, world: World) => {
  const requester = whose === "own" ? world.me : await aUser(central.central, "admin");
  const candidate = await aUser(central.central, "operator");
  return idOf(central.sql<{ id: string }[]>`
    insert into approvals (kind, user_id, reason, requested_by, expires_at)
    values ('grant_admin', ${candidate.id}, 'matrix', ${requester.id}, now() + interval '1 hour') returning id`);
};

const anEntry = () =>
  idOf(central.sql<{ id: string }[]>`
    insert into watchlist_entries (watchlist_id, plate, normalized, reason, match, expires_at)
    select id, 'ENTRY1', 'ENTRY1', 'matrix', 'exact', now() + interval '1 day' from watchlists limit 1 returning id`);

const aCollector = async () => (await central.addCollector(["matrix"])).id;

type Input = (world: World, whose: Whose) => unknown;
const none: Input = () => ({});
const listId = () => idOf(central.sql<{ id: string }[]>`select id from watchlists where name = ${PLATE.near}`);
const ownerId: Input = (world, whose) => ({ id: world.owner(whose).id });
const alert: Input = (_world, whose) => ({ id: whose === "own" ? near.alertId : far.alertId });

/** A valid input of every procedure: for one's own object, and for another's. */
const INPUTS: Record<Exclude<ProcedureName, "detections.live" | "alerts.live">, Input> = {
  "system.info": none,
  "auth.login": (world) => ({ email: world.me.email, password: world.me.password }),
  "auth.totp": (world) => ({ code: codeOf(world.me.totpSecret) }),
  "auth.recover": () => ({ code: "AAAAAA-AAAAAA-AAAAAA-AAAAAA" }),
  "auth.invitation": () => ({ token: "t".repeat(43) }),
  "auth.accept": () => ({ token: "t".repeat(43), password: "a long enough passphrase" }),
  "auth.confirm": () => ({ token: "t".repeat(43), code: "000000" }),
  "auth.me": none,
  "auth.logout": none,
  "auth.stepUp": (world) => ({ code: codeOf(world.me.totpSecret) }),
  "auth.changePassword": (world) => ({ current: world.me.password, next: "another passphrase that is long" }),
  "auth.renewRecoveryCodes": none,
  "auth.devices": none,
  "auth.nameDevice": async (world, whose) => ({ id: await world.device(world.owner(whose).id), name: "Van" }),
  "auth.revokeDevice": async (world, whose) => ({ id: await world.device(world.owner(whose).id) }),
  "auth.revokeOtherDevices": none,
  "auth.dismissNotice": async (world, whose) => ({
    id: await idOf(central.sql<{ id: string }[]>`
      insert into notices (user_id, kind, detail) values (${world.owner(whose).id}, 'new_device', '{}') returning id`),
  }),
  "investigations.open": () => ({ code: "incident", text: "the matrix of the access table" }),
  "investigations.close": none,
  "detections.search": (_world, whose) => ({ plate: whose === "own" ? PLATE.near : PLATE.far }),
  "detections.timeline": (_world, whose) => ({ plate: whose === "own" ? PLATE.near : PLATE.far }),
  "detections.recent": none,
  "alerts.since": () => ({ cursor: null }),
  "alerts.acknowledge": alert,
  "alerts.resolve": (world, whose) => ({ ...(alert(world, whose) as object), outcome: "confirmed" }),
  "watchlists.list": none,
  "watchlists.addEntry": async () => ({ watchlistId: await listId(), plate: "MATRIX1", reason: "the matrix" }),
  "watchlists.create": () => ({ name: randomUUID(), priority: 3, field: true }),
  "watchlists.setField": async () => ({ id: await listId(), field: true }),
  "watchlists.removeEntry": async () => ({ id: await anEntry() }),
  "watchlists.restoreEntry": async () => ({ id: await anEntry() }),
  "collectors.list": none,
  "collectors.approveCamera": async () => ({
    cameraId: await idOf(central.sql<{ id: string }[]>`select id from cameras where key = 'north'`),
  }),
  "collectors.create": () => ({ name: randomUUID() }),
  "collectors.rotateKey": async () => ({ id: await aCollector() }),
  "collectors.revokeKey": async () => ({
    keyId: await idOf(
      central.sql<{ id: string }[]>`select id from collector_keys where collector_id = ${await aCollector()}`,
    ),
    reason: "the matrix",
  }),
  "collectors.revoke": async () => ({ id: await aCollector(), reason: "the matrix" }),
  "users.list": none,
  "users.invite": () => ({
    email: `${randomUUID()}@example.org`,
    name: "Invited",
    role: "viewer",
    area: null,
    trainedOn: null,
  }),
  "users.cancelInvitation": async (world) => ({ id: await anInvitation(world) }),
  "users.update": (world, whose) => ({ id: world.owner(whose).id, name: "Another Name" }),
  "users.setRole": (world, whose) => ({ id: world.owner(whose).id, role: "viewer", reason: "the matrix" }),
  "users.decide": async (world, whose) => ({ id: await anApproval(whose, world), approve: true }),
  "users.setDisabled": (world, whose) => ({ id: world.owner(whose).id, disabled: true, reason: "the matrix" }),
  "users.resetAuthenticator": ownerId,
  "users.resetPassword": ownerId,
  "users.devices": ownerId,
  "users.revokeDevice": async (world, whose) => ({ id: await world.device(world.owner(whose).id) }),
  "policy.read": none,
  "policy.set": async () => ({
    settings: DEFAULT_POLICY,
    basedOn: (await central.central.policy.read()).version,
  }),
  "accessLog.search": none,
  "accessLog.mine": none,
  "accessLog.export": () => ({ format: "csv", recipient: "the matrix" }),
  "accessLog.verify": none,
  "accessLog.addOffline": () => ({ looks: [] }),
  "reviews.list": () => ({ state: "open" }),
  "reviews.decide": async (world, whose) => ({ id: await aReview(world, whose), outcome: "justified" }),
};

type Outcome = FailureCode | "ok";
/** What is not simply "as the table says": public doors with made-up secrets, and objects that are not this person's. */
const EXPECTED: Partial<Record<ProcedureName, Partial<Record<Whose, Outcome | ((role: Role) => Outcome)>>>> = {
  // Whoever has given the password has no right to a code that does not fit.
  "auth.recover": { own: "sign_in_failed", other: "sign_in_failed" },
  "auth.invitation": { own: "not_found", other: "not_found" },
  "auth.accept": { own: "not_found", other: "not_found" },
  "auth.confirm": { own: "not_found", other: "not_found" },
  "auth.nameDevice": { other: "not_found" },
  "auth.revokeDevice": { other: "not_found" },
  "auth.dismissNotice": { other: "not_found" },
  "alerts.acknowledge": { other: (role) => (role === "viewer" ? "not_found" : "ok") },
  "alerts.resolve": { other: (role) => (role === "viewer" ? "not_found" : "ok") },
  // Nobody changes, stops or resets themselves, decides on their own request, or judges their own looks.
  "users.setRole": { own: "forbidden" },
  "users.setDisabled": { own: "forbidden" },
  "users.resetAuthenticator": { own: "forbidden" },
  "users.resetPassword": { own: "forbidden" },
  "users.decide": { own: "forbidden" },
  "reviews.decide": { own: "forbidden" },
};

const expected = (name: ProcedureName, who: Who, whose: Whose): Outcome => {
  const { needs } = accessOf(name);
  const special = EXPECTED[name]?.[whose];
  const within = (role: Role): Outcome => (typeof special === "function" ? special(role) : (special ?? "ok"));
  if (needs === "public") return within("viewer");
  if (needs === "password") return who === "password only" ? within("viewer") : "signed_out";
  if (!isRole(who)) return "signed_out";
  return needs === "signed_in" || (needs !== "collector_key" && can(who, needs)) ? within(who) : "forbidden";
};

const headersOf = async (who: Who, user: TestUser): Promise<Record<string, string>> => {
  if (who === "collector key") return { "X-API-Key": collector.apiKey };
  if (who === "revoked key") return { "X-API-Key": revoked.apiKey };
  if (who === "nobody") return {};
  const { id } = await sessionOf(user, who === "password only" ? "password" : "password+totp");
  if (who === "password only") return { Cookie: `signin=${id}; session=${id}` };
  await central.sql`insert into investigations (user_id, session_id, code, text, expires_at)
    select user_id, id, 'incident', 'the matrix', now() + interval '1 hour' from sessions where user_id = ${user.id}
    order by created_at desc limit 1`;
  return { Cookie: `session=${id}` };
};

const call = async (name: string, input: unknown, headers: Record<string, string>): Promise<Outcome> => {
  const response = await fetch(`${central.url}/trpc/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: central.url, ...headers },
    body: JSON.stringify(input),
  });
  const body = (await response.json()) as { error?: { data: { failure: { code: FailureCode } } } };
  return body.error?.data.failure.code ?? "ok";
};

const names = Object.keys(INPUTS) as (keyof typeof INPUTS)[];

describe.each(EVERYBODY)("%s", (who) => {
  describe.each(WHOSE)("%s object", (whose) => {
    test.each(names)("%s", async (name) => {
      await central.central.limits.forget("signIn", "127.0.0.1");
      const world = await createWorld(isRole(who) ? who : "viewer");
      const headers = await headersOf(who, world.me);
      const input = await INPUTS[name](world, whose);
      expect(await call(name, input, headers)).toBe(expected(name, who, whose));
    });
  });
});

/** What no procedure takes: whoever is let in is told so. */
const NONSENSE = [{ unknown: true }, [], null, "text", { id: { $ne: null }, plate: ["A"], limit: -1 }];

test.each(names)("%s answers nonsense with a sentence", async (name) => {
  const world = await createWorld("admin");
  for (const input of NONSENSE) {
    await central.central.limits.forget("signIn", "127.0.0.1");
    const headers = await headersOf(accessOf(name).needs === "password" ? "password only" : "admin", world.me);
    expect([input, await call(name, input, headers)]).not.toEqual([input, "internal"]);
  }
});

describe("without a fresh code", () => {
  test.each(names.filter((name) => accessOf(name).stepUp))("%s asks for one", async (name) => {
    const world = await createWorld("admin");
    const headers = await headersOf("admin", world.me);
    await central.sql`update sessions set step_up_at = now() - interval '6 minutes' where user_id = ${world.me.id}`;
    expect(await call(name, await INPUTS[name](world, "other"), headers)).toBe("step_up_needed");
  });
});

describe("without a purpose or a valid training", () => {
  test.each(names.filter((name) => accessOf(name).purpose))("%s is refused", async (name) => {
    const world = await createWorld("operator");
    const headers = await headersOf("operator", world.me);
    await central.sql`update investigations set closed_at = now() where user_id = ${world.me.id}`;
    expect(await call(name, await INPUTS[name](world, "own"), headers)).toBe("purpose_needed");
    await central.sql`update users set trained_on = current_date - 400 where id = ${world.me.id}`;
    expect(await call(name, await INPUTS[name](world, "own"), headers)).toBe("training_needed");
  });
});

const evidence: Record<Whose, Record<Role, Record<"crop" | "full", number>>> = {
  own: { viewer: { crop: 200, full: 200 }, operator: { crop: 200, full: 200 }, admin: { crop: 200, full: 200 } },
  // Outside of a viewer's area, with an alert that is not for the field.
  other: { viewer: { crop: 404, full: 404 }, operator: { crop: 200, full: 200 }, admin: { crop: 200, full: 200 } },
};

const BODIES: Partial<Record<RouteName, () => RequestInit>> = {
  "POST /api/v1/detections/batch": () => {
    const form = new FormData();
    form.set("detections", "[]");
    return { method: "POST", body: form };
  },
  "POST /api/v1/heartbeat": () => ({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({}),
  }),
};

const expectedStatus = (route: RouteName, who: Who, whose: Whose): ((status: number) => boolean) => {
  const { needs } = accessOf(route);
  if (needs === "collector_key") {
    if (who !== "collector key") return (status) => status === 401;
    // Let in: an empty message is answered, or called incomplete.
    return (status) => status === 200 || status === 400;
  }
  if (needs === "public") return (status) => [200, 204, 404].includes(status);
  if (!isRole(who)) return (status) => status === 401;
  const wanted = evidence[whose][who][route.endsWith("crop") ? "crop" : "full"];
  return (status) => status === wanted;
};

describe.each(EVERYBODY)("%s", (who) => {
  describe.each(WHOSE)("%s object", (whose) => {
    test.each(Object.keys(ROUTES) as RouteName[])("%s", async (route) => {
      const world = await createWorld(isRole(who) ? who : "viewer");
      const path = (route.split(" ")[1] ?? "").replace(":detectionId", whose === "own" ? near.id : far.id);
      const init = BODIES[route]?.() ?? {};
      const headers = { ...(init.headers as Record<string, string>), ...(await headersOf(who, world.me)) };
      const { status } = await fetch(`${central.url}${path}`, { ...init, headers });
      expect(expectedStatus(route, who, whose)(status), `${status}`).toBe(true);
    });
  });
});

test("A live channel is open to those whom the table names, and to nobody else", async () => {
  for (const who of EVERYBODY) {
    const world = await createWorld(isRole(who) ? who : "viewer");
    const { WebSocket } = await import("ws");
    const headers = { Origin: central.url, ...(await headersOf(who, world.me)) };
    const socket = new WebSocket(`${central.url.replace("http", "ws")}/trpc`, { headers });
    const told = await new Promise((resolve) => {
      socket.once("open", () => resolve("open"));
      socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.once("error", () => resolve("error"));
    });
    socket.terminate();
    expect([who, told]).toEqual([who, isRole(who) ? "open" : 401]);
  }
});

test("Nothing is mounted that the table does not list", () => {
  expect(Object.keys(appRouter._def.procedures).toSorted()).toEqual(Object.keys(PROCEDURES).toSorted());
  type Layer = { route?: { path: string; methods: Record<string, boolean> } };
  const layers = (createApp(central.central).router as unknown as { stack: Layer[] }).stack;
  const mounted = layers.flatMap(({ route }) =>
    route ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`) : [],
  );
  // The last one hands out the screens' single page and knows nothing of anybody.
  expect(mounted.toSorted()).toEqual([...Object.keys(ROUTES), "GET /{*path}"].toSorted());
});
