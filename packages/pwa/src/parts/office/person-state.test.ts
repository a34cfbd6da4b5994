/** Who is the last administrator, and when two have to agree. */
import type { PersonView } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { decideTogether, isLastAdmin } from "./person-state.tsx";

const aPerson = (number: number, more: Partial<PersonView> = {}): PersonView => ({
  id: uuidOf(number),
  email: `person${number}@example.org`,
  name: `Person ${number}`,
  role: "admin",
  area: null,
  trainedOn: null,
  createdAt: "2026-11-22T20:00:00Z",
  lastSeenAt: null,
  devices: 0,
  hasAuthenticator: true,
  disabled: null,
  ...more,
});
const disabled = { at: "2026-11-22T20:00:00Z", by: null, reason: null };

test("another administrator who cannot sign in does not count; one who waits for a new authenticator does", () => {
  const last = aPerson(1);
  expect(isLastAdmin(last, [last, aPerson(2, { disabled })])).toBe(true);
  expect(isLastAdmin(last, [last, aPerson(2, { hasAuthenticator: false })])).toBe(false);
  expect(isLastAdmin(last, [last, aPerson(2, { role: "operator" })])).toBe(true);
  expect(isLastAdmin(last, [last, aPerson(2)])).toBe(false);
});

test("who is no administrator is never the last one", () => {
  const operator = aPerson(1, { role: "operator" });
  expect(isLastAdmin(operator, [operator])).toBe(false);
});

test("two administrators decide together, also while one waits for a new authenticator", () => {
  expect(decideTogether([aPerson(1)])).toBe(false);
  expect(decideTogether([aPerson(1), aPerson(2, { hasAuthenticator: false })])).toBe(true);
  expect(decideTogether([aPerson(1), aPerson(2, { disabled })])).toBe(false);
});
