/** The access table read as a stranger would read it: who gets in without a session, who may do what, what nobody may. */
import { expect, test } from "vitest";
import { type AccessEntry, type Capability, PROCEDURES, ROLES, ROUTES, can, normalizeEmail } from "./access.ts";

const table: Record<string, AccessEntry> = { ...PROCEDURES, ...ROUTES };
const doors = Object.keys(table);
const doorsOf = (access: string) => doors.filter((door) => table[door]?.needs === access);

test("nobody may delete or change evidence: there is no door for it", () => {
  const destructive = /^(DELETE|PUT|PATCH) |(delete|remove|purge|erase|destroy|update|edit|replace)/i;
  expect(doors.filter((door) => destructive.test(door) && /evidence|detection|alert|audit/i.test(door))).toEqual([]);
});

test("these doors and no others open without a session or a key", () => {
  expect(doorsOf("public")).toEqual([
    "auth.login",
    "auth.totp",
    "auth.setupState",
    "auth.setup",
    "auth.setupConfirm",
    "system.info",
    "GET /api/v1/ping",
    "GET /api/v1/keys",
    "GET /api/v1/openapi.json",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
  ]);
});

test("a session without any capability reaches nothing but itself", () => {
  expect(doorsOf("signed_in")).toEqual(["auth.me", "auth.logout"]);
});

test("a collector's key opens ingest and heartbeat alone", () => {
  expect(doorsOf("collector_key")).toEqual(["POST /api/v1/detections/batch", "POST /api/v1/heartbeat"]);
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
  expect(can("viewer", "see_scene")).toBe(false);
  expect(can("viewer", "write_watchlists")).toBe(false);
  expect(can("viewer", "manage_collectors")).toBe(false);
});

test("only an administrator lets a camera in", () => {
  expect(ROLES.filter((role) => can(role, "manage_collectors"))).toEqual(["admin"]);
});

test("an address is the same person however it is typed", () => {
  expect(normalizeEmail("  Miriam@Example.ORG ")).toBe("miriam@example.org");
});
