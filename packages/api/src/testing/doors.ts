/**
 * Everything that the doors of the access table can be tried on: detections with alerts, people with objects of their own,
 * and a valid input for each procedure.
 * Rule: a procedure without an input here does not compile.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_POLICY, type FailureCode, type ProcedureName, type Role } from "@chaverim/contracts";
import { aDetection, aJpeg, sendBatch } from "./batches.ts";
import type { TestCentral } from "./central.ts";
import { type TestUser, aUser, codeOf } from "./people.ts";

export const WHOSE = ["own", "other"] as const;
export type Whose = (typeof WHOSE)[number];

/** The engine is notified at once; a busy machine included. */
const ALERT_MS = 15_000;
const PLATE = { near: "NEAR123", far: "FAR1234" };

/** Everything that a call may be about, new for each try. */
export type World = {
  me: TestUser;
  stranger: TestUser;
  /** A further device of this person. */
  device: (userId: string) => Promise<string>;
  owner: (whose: Whose) => TestUser;
};

export type Input = (world: World, whose: Whose) => unknown;
/** Live channels are subscribed to, not called. */
export type CallName = Exclude<ProcedureName, "detections.live" | "alerts.live">;

export type Doors = {
  /** Within everybody's reach. */
  near: { id: string; alertId: string };
  /** Outside of a viewer's area, with an alert of a list that is not for the field. */
  far: { id: string; alertId: string };
  /** A collector's key that works, and whose it is. */
  apiKey: string;
  collectorId: string;
  createWorld: (role: Role) => Promise<World>;
  /** A session of this person, made without signing in: the headers that carry it. */
  signedIn: (user: TestUser) => Promise<Record<string, string>>;
  /** The five minutes after the password, sent in every cookie that might be taken for a session. */
  passwordOnly: (user: TestUser) => Promise<Record<string, string>>;
  /** A valid input of every procedure: for one's own object, and for another's. */
  inputs: Record<CallName, Input>;
  call: (name: string, input: unknown, headers: Record<string, string>) => Promise<Called>;
};

export type Called = { outcome: FailureCode | "ok"; requestId: string; text: string };

/** Makes what there is to see, in a central of its own. */
export const openDoors = async (central: TestCentral): Promise<Doors> => {
  const collector = await central.addCollector(["north", "south"]);
  await central.sql`update cameras set area = key`;
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

  const sessionOf = (user: TestUser, assurance: "password" | "password+totp") =>
    central.central.sessions.create(user.id, {
      kind: "desktop",
      assurance,
      steppedUp: assurance === "password+totp",
      device: "Matrix",
      ip: "127.0.0.1",
      userAgent: null,
    });

  const near = await pass(PLATE.near, "north", true);
  const far = await pass(PLATE.far, "south", false);

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

  /** What a collector once sent that was no detection. */
  const quarantined = async () => {
    const text = JSON.stringify({ ...aDetection(), capturedAt: "yesterday" });
    await sendBatch(central.url, collector.apiKey, `[${text}]`);
    return idOf(central.sql<{ id: string }[]>`select id from quarantine where raw = ${Buffer.from(text)}`);
  };

  const none: Input = () => ({});
  const listId = () => idOf(central.sql<{ id: string }[]>`select id from watchlists where name = ${PLATE.near}`);
  const ownerId: Input = (world, whose) => ({ id: world.owner(whose).id });
  const alert: Input = (_world, whose) => ({ id: whose === "own" ? near.alertId : far.alertId });

  /** A valid input of every procedure: for one's own object, and for another's. */
  const inputs: Record<CallName, Input> = {
    "system.info": none,
    "auth.login": (world) => ({ email: world.me.email, password: world.me.password }),
    "auth.totp": (world) => ({ code: codeOf(world.me.totpSecret) }),
    "auth.recover": () => ({ code: "AAAAAA-AAAAAA-AAAAAA-AAAAAA" }),
    "auth.invitation": () => ({ token: "t".repeat(43) }),
    "auth.accept": () => ({ token: "t".repeat(43), password: "a long enough passphrase" }),
    "auth.confirm": () => ({ token: "t".repeat(43), proof: "p".repeat(43), code: "000000" }),
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
    "detections.find": () => ({ filters: { area: "south" } }),
    "detections.correct": (_world, whose) => ({
      detectionId: whose === "own" ? near.id : far.id,
      // Another one each time: what stands already is no correction.
      plate: `MX${randomBytes(4).toString("hex")}`,
      reason: "the matrix",
    }),
    "detections.export": () => ({ plate: PLATE.near, format: "csv", recipient: "the matrix" }),
    "plates.read": () => ({ plate: PLATE.near }),
    "plates.route": () => ({ plate: PLATE.near }),
    "plates.seenWith": () => ({ plate: PLATE.near }),
    "plates.addNote": () => ({ plate: PLATE.near, text: "the matrix" }),
    "map.cameras": none,
    "map.ground": none,
    "searches.list": none,
    "searches.save": () => ({ name: "Matrix", plate: "MATRIX", way: "similar", filters: {} }),
    "searches.remove": async (world, whose) => ({
      id: await idOf(central.sql<{ id: string }[]>`
        insert into saved_searches (user_id, name, text, way, filters)
        values (${world.owner(whose).id}, 'Matrix', 'MATRIX', 'similar', '{}') returning id`),
    }),
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
    "collectors.history": async () => ({ id: await aCollector() }),
    "collectors.commands": async () => ({ id: await aCollector() }),
    "collectors.diagnostics": async () => ({
      id: await idOf(
        central.sql<{ id: string }[]>`
          insert into commands (collector_id, counter, verb, args, not_after, acked_at, status, detail)
          select ${await aCollector()}, 1, 'send_diagnostics', '{}', now(), now(), 'done', 'the matrix' returning id`,
      ),
    }),
    "collectors.testCamera": async () => ({ id: collector.id, cameraId: "north" }),
    "collectors.command": async () => ({
      id: await aCollector(),
      verb: "restart_adapter",
      args: { cameraId: "matrix" },
    }),
    "quarantine.list": () => ({ open: true }),
    "quarantine.read": async () => ({ id: await quarantined() }),
    "quarantine.decide": async () => ({ id: await quarantined(), decision: "kept", note: "the matrix" }),
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

  const signedIn: Doors["signedIn"] = async (user) => {
    const { id } = await sessionOf(user, "password+totp");
    await central.sql`insert into investigations (user_id, session_id, code, text, expires_at)
      select user_id, id, 'incident', 'the matrix', now() + interval '1 hour' from sessions where user_id = ${user.id}
      order by created_at desc limit 1`;
    return { Cookie: `session=${id}` };
  };
  const passwordOnly: Doors["passwordOnly"] = async (user) => {
    const { id } = await sessionOf(user, "password");
    return { Cookie: `signin=${id}; session=${id}` };
  };
  const call: Doors["call"] = async (name, input, headers) => {
    const response = await fetch(`${central.url}/trpc/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: central.url, ...headers },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    const body = JSON.parse(text) as { error?: { data: { failure: { code: FailureCode } } } };
    const requestId = response.headers.get("x-request-id") ?? "";
    return { outcome: body.error?.data.failure.code ?? "ok", requestId, text };
  };
  return {
    near,
    far,
    apiKey: collector.apiKey,
    collectorId: collector.id,
    createWorld,
    signedIn,
    passwordOnly,
    inputs,
    call,
  };
};
