/** The first administrator: one link, one account. */
import { decodeBase32IgnorePadding } from "@oslojs/encoding";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { codeOf, failureOf } from "../testing/people.ts";
import { createSetupToken } from "./setup.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
beforeEach(() => central.central.limits.forget("signIn", "127.0.0.1"));

const person = { email: "First@Example.org", name: "First Admin", password: "a long enough passphrase" };

test("A link ends after a day", async () => {
  const token = await createSetupToken(central.central);
  await central.sql`update setup_links set expires_at = now() - interval '1 second'`;
  expect(await failureOf(central.openBrowser().trpc.auth.setupState.query({ token }))).toBe("not_found");
});

test("The database holds neither the link's token nor the password nor the authenticator's secret", async () => {
  const token = await createSetupToken(central.central);
  const { totpSecret } = await central.openBrowser().trpc.auth.setup.mutate({ token, ...person });
  const [row] = await central.sql<
    { text: string; pending: string }[]
  >`select l::text as text, pending::text from setup_links l`;
  expect(row?.pending).toContain("passwordHash");
  for (const secret of [
    token,
    person.password,
    totpSecret,
    Buffer.from(decodeBase32IgnorePadding(totpSecret)).toString("base64"),
  ]) {
    expect(row?.text).not.toContain(secret);
  }
});

test("A link makes the first administrator, once, and only after a code", async () => {
  const browser = central.openBrowser();
  expect((await browser.trpc.system.info.query()).setupNeeded).toBe(true);
  const voided = await createSetupToken(central.central);
  const token = await createSetupToken(central.central);
  expect(await failureOf(browser.trpc.auth.setupState.query({ token: voided }))).toBe("not_found");
  expect(await browser.trpc.auth.setupState.query({ token })).toEqual({ open: true });
  const { totpSecret, totpUri } = await browser.trpc.auth.setup.mutate({ token, ...person });
  expect(totpUri).toContain(totpSecret);
  const secret = decodeBase32IgnorePadding(totpSecret);
  expect(await failureOf(browser.trpc.auth.setupConfirm.mutate({ token, code: "000000" }))).toBe("sign_in_failed");
  expect(await central.sql`select 1 from users`).toEqual([]);

  await central.central.limits.forget("signIn", "127.0.0.1");
  const tabs = [browser, central.openBrowser(), central.openBrowser()];
  const outcomes = await Promise.all(
    tabs.map((tab) => failureOf(tab.trpc.auth.setupConfirm.mutate({ token, code: codeOf(secret) }))),
  );
  expect(outcomes.toSorted()).toEqual(["not_found", "not_found", "ok"]);
  expect(await central.sql`select email, role from users`).toEqual([{ email: "first@example.org", role: "admin" }]);
  const me = await tabs[outcomes.indexOf("ok")]?.trpc.auth.me.query();
  expect(me?.user).toMatchObject({ email: "first@example.org", role: "admin", name: "First Admin" });
  expect((await browser.trpc.system.info.query()).setupNeeded).toBe(false);

  await central.central.limits.forget("signIn", "127.0.0.1");
  expect(await failureOf(browser.trpc.auth.setupState.query({ token }))).toBe("not_found");
  expect(await failureOf(browser.trpc.auth.setup.mutate({ token, ...person, email: "second@example.org" }))).toBe(
    "not_found",
  );
  expect(await failureOf(browser.trpc.auth.setupConfirm.mutate({ token, code: codeOf(secret) }))).toBe("not_found");
});

test("A link that was opened while somebody else got an account makes no second administrator", async () => {
  const browser = central.openBrowser();
  const token = await createSetupToken(central.central);
  const before = (await central.sql`select 1 from users where role = 'admin'`).length;
  expect(before).toBe(1);
  expect(await failureOf(browser.trpc.auth.setup.mutate({ token, ...person, email: "second@example.org" }))).toBe(
    "not_found",
  );
  expect(await central.sql`select 1 from users where role = 'admin'`).toHaveLength(1);
});
