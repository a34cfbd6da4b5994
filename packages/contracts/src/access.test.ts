/** The access table read as a stranger would read it: who gets in without a session, who may do what, what nobody may. */
import { expect, test } from "vitest";
import {
  type AccessEntry,
  type Capability,
  PROCEDURES,
  ROLES,
  ROUTES,
  can,
  isBackground,
  normalizeEmail,
} from "./access.ts";

const table: Record<string, AccessEntry> = { ...PROCEDURES, ...ROUTES };
const doors = Object.keys(table);
const needsOf = (door: string): string => table[door]?.needs ?? "";
const doorsOf = (access: string) => doors.filter((door) => table[door]?.needs === access);

test("nobody may delete or change evidence: there is no door for it", () => {
  const destructive = /^(DELETE|PUT|PATCH) |(delete|remove|purge|erase|destroy|update|edit|replace)/i;
  expect(doors.filter((door) => destructive.test(door) && /evidence|detection|alert|audit/i.test(door))).toEqual([]);
});

test("these doors and no others open without a session or a key", () => {
  expect(doorsOf("public")).toEqual([
    "system.info",
    "auth.login",
    "auth.invitation",
    "auth.accept",
    "auth.confirm",
    "GET /api/v1/ping",
    "GET /api/v1/keys",
    "GET /api/v1/openapi.json",
    "GET /transparency",
    "GET /policy",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
  ]);
});

test("a password alone reaches the second factor and nothing else", () => {
  expect(doorsOf("password")).toEqual(["auth.totp", "auth.recover"]);
});

test("a session without any capability reaches nothing but itself", () => {
  const beyond = doorsOf("signed_in").filter((door) => !door.startsWith("auth."));
  // The policy that binds everybody, one's own looks, and telling of them.
  expect(beyond).toEqual(["policy.read", "accessLog.mine", "accessLog.addOffline"]);
});

test("whatever shows a plate, an image or a list is written down, and so is every change", () => {
  const unwritten = doors.filter((door) => !table[door]?.logs && !["public", "collector_key"].includes(needsOf(door)));
  expect(unwritten).toEqual([
    // Steps of signing in write their own entries, when they have succeeded or failed.
    "auth.totp",
    "auth.recover",
    // About oneself or about machines; no plate, image or list of people passes here.
    "auth.me",
    "auth.devices",
    "auth.dismissNotice",
    "map.cameras",
    "map.ground",
    "searches.list",
    "collectors.list",
    "collectors.history",
    "collectors.commands",
    "policy.read",
    "accessLog.verify",
    // Is itself what is written.
    "accessLog.addOffline",
  ]);
});

test("whatever writes an entry is limited, so that nobody can fill the log", () => {
  const people = doors.filter((door) => !["public", "password", "collector_key"].includes(needsOf(door)));
  // One's own facts, which screens ask for all day, and the policy: open to everybody who is signed in, and never written.
  expect(people.filter((door) => !table[door]?.limit)).toEqual(["auth.me", "policy.read"]);
});

test("a purpose is attached to what somebody asks for, and not to what screens ask for by themselves", () => {
  expect(doors.filter((door) => isBackground(door, {}))).toEqual([
    "detections.recent",
    "detections.live",
    "alerts.since",
    "alerts.live",
  ]);
  expect(doors.filter((door) => isBackground(door, { cursor: "further back" }))).not.toContain("detections.recent");
  expect(isBackground("console.act", {})).toBe(false);
});

test("an act that changes who may do what, or takes the log out, asks for a fresh code", () => {
  expect(doors.filter((door) => table[door]?.stepUp)).toEqual([
    "auth.changePassword",
    "auth.renewRecoveryCodes",
    "detections.export",
    "collectors.approveCamera",
    "collectors.create",
    "collectors.rotateKey",
    "collectors.revokeKey",
    "collectors.revoke",
    "collectors.command",
    "quarantine.decide",
    "users.invite",
    "users.update",
    "users.setRole",
    "users.decide",
    "users.setDisabled",
    "users.resetAuthenticator",
    "users.resetPassword",
    "policy.set",
    "accessLog.export",
  ]);
});

test("no field that is written down is a secret", () => {
  const fields = doors.flatMap((door) => table[door]?.records ?? []);
  expect(fields.filter((field) => /password|code$|token|secret|apiKey/i.test(field))).toEqual(["code"]);
  // The one that is left is the purpose's.
  expect(doors.filter((door) => table[door]?.records?.includes("code"))).toEqual(["investigations.open"]);
});

test("a collector's key opens ingest, heartbeat and the answer to a command alone", () => {
  expect(doorsOf("collector_key")).toEqual([
    "POST /api/v1/detections/batch",
    "POST /api/v1/heartbeat",
    "POST /api/v1/commands/:commandId/ack",
  ]);
});

test("what a lower role may do, a higher one may too", () => {
  const capabilities = Object.values(table)
    .map(({ needs }) => needs)
    .filter((access) => !["public", "signed_in", "password", "collector_key"].includes(access));
  for (const capability of capabilities as Capability[]) {
    const holders = ROLES.map((role) => can(role, capability));
    expect(holders, capability).toEqual(holders.toSorted((a, b) => Number(b) - Number(a)));
    expect(can("admin", capability), capability).toBe(true);
  }
});

test("a volunteer in the field sees and answers alerts, and changes nothing else", () => {
  expect(can("viewer", "see_alerts")).toBe(true);
  expect(can("viewer", "answer_alerts")).toBe(true);
  expect(can("viewer", "see_timeline")).toBe(false);
  expect(can("viewer", "write_watchlists")).toBe(false);
  expect(can("viewer", "see_collectors")).toBe(false);
  expect(can("viewer", "manage_collectors")).toBe(false);
});

test("people, keys, the policy and the access log are an administrator's", () => {
  for (const capability of ["manage_people", "manage_collectors", "set_policy", "read_log", "review_looks"] as const)
    expect([capability, ROLES.filter((role) => can(role, capability))]).toEqual([capability, ["admin"]]);
});

test("only an administrator lets a camera in", () => {
  expect(ROLES.filter((role) => can(role, "manage_collectors"))).toEqual(["admin"]);
});

test("an address is the same person however it is typed", () => {
  expect(normalizeEmail("  Miriam@Example.ORG ")).toBe("miriam@example.org");
});
