/**
 * The access table, tried out: every procedure and every route with everybody, on their own object and on another's.
 * Rule: generated from the table. What the table lets in must succeed with a valid input, so that "let in" is proved and not
 * assumed; a procedure without an input here does not compile, and a route that the table does not list is found.
 */
import {
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
import { type TestCentral, type TestCollector, openTestCentral } from "../testing/central.ts";
import { type CallName, type Doors, WHOSE, type Whose, type World, openDoors } from "../testing/doors.ts";
import type { TestUser } from "../testing/people.ts";

const EVERYBODY = ["nobody", "password only", "viewer", "operator", "admin", "collector key", "revoked key"] as const;
type Who = (typeof EVERYBODY)[number];

const isRole = (who: Who): who is Role => ["viewer", "operator", "admin"].includes(who);

let central: TestCentral;
let doors: Doors;
let revoked: TestCollector;

beforeAll(async () => {
  central = await openTestCentral();
  revoked = await central.addCollector();
  await revokeCollector(central.sql, revoked.id, "matrix", null);
  doors = await openDoors(central);
}, 120_000);
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

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
  "searches.remove": { other: "not_found" },
  "alerts.acknowledge": { other: (role) => (role === "viewer" ? "not_found" : "ok") },
  "alerts.resolve": { other: (role) => (role === "viewer" ? "not_found" : "ok") },
  // Nobody changes, stops or resets themselves, decides on their own request, or judges their own looks.
  "users.update": { own: "forbidden" },
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
  if (who === "collector key") return { "X-API-Key": doors.apiKey };
  if (who === "revoked key") return { "X-API-Key": revoked.apiKey };
  if (who === "nobody") return {};
  return who === "password only" ? doors.passwordOnly(user) : doors.signedIn(user);
};

const call = async (name: CallName, world: World, whose: Whose, headers: Record<string, string>): Promise<Outcome> =>
  (await doors.call(name, await doors.inputs[name](world, whose), headers)).outcome;

const names = (Object.keys(PROCEDURES) as ProcedureName[]).filter(
  (name): name is CallName => name !== "detections.live" && name !== "alerts.live",
);

describe.each(EVERYBODY)("%s", (who) => {
  describe.each(WHOSE)("%s object", (whose) => {
    test.each(names)("%s", async (name) => {
      await central.central.limits.forget("signIn", "127.0.0.1");
      const world = await doors.createWorld(isRole(who) ? who : "viewer");
      const headers = await headersOf(who, world.me);
      expect(await call(name, world, whose, headers)).toBe(expected(name, who, whose));
    });
  });
});

/** What no procedure takes: whoever is let in is told so. */
const NONSENSE = [{ unknown: true }, [], null, "text", { id: { $ne: null }, plate: ["A"], limit: -1 }];

test.each(names)("%s answers nonsense with a sentence", async (name) => {
  const world = await doors.createWorld("admin");
  for (const input of NONSENSE) {
    await central.central.limits.forget("signIn", "127.0.0.1");
    const headers = await headersOf(accessOf(name).needs === "password" ? "password only" : "admin", world.me);
    expect([input, (await doors.call(name, input, headers)).outcome]).not.toEqual([input, "internal"]);
  }
});

describe("without a fresh code", () => {
  test.each(names.filter((name) => accessOf(name).stepUp))("%s asks for one", async (name) => {
    const world = await doors.createWorld("admin");
    const headers = await headersOf("admin", world.me);
    await central.sql`update sessions set step_up_at = now() - interval '6 minutes' where user_id = ${world.me.id}`;
    expect(await call(name, world, "other", headers)).toBe("step_up_needed");
  });
});

describe("without a purpose or a valid training", () => {
  test.each(names.filter((name) => accessOf(name).purpose))("%s is refused", async (name) => {
    const world = await doors.createWorld("operator");
    const headers = await headersOf("operator", world.me);
    await central.sql`update investigations set closed_at = now() where user_id = ${world.me.id}`;
    expect(await call(name, world, "own", headers)).toBe("purpose_needed");
    await central.sql`update users set trained_on = current_date - 400 where id = ${world.me.id}`;
    expect(await call(name, world, "own", headers)).toBe("training_needed");
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
  "POST /api/v1/commands/:commandId/ack": () => ({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ status: "done", detail: "the matrix" }),
  }),
};

/** A command of the collector whose key is tried, or of another one. */
const aCommand = async (whose: Whose): Promise<string> => {
  const { id } = whose === "own" ? { id: doors.collectorId } : await central.addCollector();
  const [command] = await central.sql<{ id: string }[]>`
    insert into commands (collector_id, counter, verb, args, not_after)
    select ${id}, coalesce(max(counter), 0) + 1, 'send_diagnostics', '{}', now() + interval '1 hour'
    from commands where collector_id = ${id} returning id`;
  return command?.id ?? "";
};

const expectedStatus = (route: RouteName, who: Who, whose: Whose): ((status: number) => boolean) => {
  const { needs } = accessOf(route);
  if (needs === "collector_key") {
    if (who !== "collector key") return (status) => status === 401;
    if (route === "POST /api/v1/commands/:commandId/ack") return (status) => status === (whose === "own" ? 200 : 404);
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
      const world = await doors.createWorld(isRole(who) ? who : "viewer");
      const path = (route.split(" ")[1] ?? "")
        .replace(":detectionId", whose === "own" ? doors.near.id : doors.far.id)
        .replace(":commandId", route.includes(":commandId") ? await aCommand(whose) : "");
      const init = BODIES[route]?.() ?? {};
      const headers = { ...(init.headers as Record<string, string>), ...(await headersOf(who, world.me)) };
      const { status } = await fetch(`${central.url}${path}`, { ...init, headers });
      expect(expectedStatus(route, who, whose)(status), `${status}`).toBe(true);
    });
  });
});

test("A live channel is open to those whom the table names, and to nobody else", async () => {
  for (const who of EVERYBODY) {
    const world = await doors.createWorld(isRole(who) ? who : "viewer");
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
