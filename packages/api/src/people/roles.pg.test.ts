/** Roles, and the second administrator whom a new one takes, over HTTP. */
import type { Role } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { setDisabled } from "./accounts.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, type TestUser, aUser, failureOf, signInAs } from "../testing/people.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});
/** Each test has people of its own alone. */
beforeEach(async () => {
  await central.sql`update users set disabled_at = now(), admin_until = null where disabled_at is null or admin_until is not null`;
  await central.sql`update approvals set decided_at = now() where decided_at is null`;
  await central.sql`update invitations set cancelled_at = now() where cancelled_at is null`;
});

type Somebody = TestUser & { browser: Browser };
const somebody = async (role: Role): Promise<Somebody> => {
  await central.central.limits.forget("signIn", "127.0.0.1");
  const user = await aUser(central.central, role);
  return { ...user, browser: await signInAs(central.openBrowser(), user) };
};
const roleOf = async ({ id }: TestUser) =>
  (await central.sql<{ role: Role }[]>`select role from users where id = ${id}`)[0]?.role;
const isSignedIn = async ({ browser }: Somebody) => (await failureOf(browser.trpc.auth.me.query())) === "ok";
const propose = async ({ browser }: Somebody, { id }: TestUser) => {
  const { approval } = await browser.trpc.users.setRole.mutate({ id, role: "admin", reason: "needed at night" });
  return approval;
};
const decide = ({ browser }: Somebody, approval: { id: string } | null, approve: boolean) =>
  failureOf(browser.trpc.users.decide.mutate({ id: approval?.id ?? "", approve }));

test("A role below administrator changes at once: the person's devices end, and the next one says so", async () => {
  const [admin, , viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const { setRole } = admin.browser.trpc.users;
  const answer = await setRole.mutate({ id: viewer.id, role: "operator", reason: "joins the dispatch" });
  expect(answer).toEqual({ approval: null });
  expect([await roleOf(viewer), await isSignedIn(viewer)]).toEqual(["operator", false]);
  await central.sql`update users set totp_last_step = 0 where id = ${viewer.id}`;
  await central.central.limits.forget("signIn", "127.0.0.1");
  const me = await (await signInAs(central.openBrowser(), viewer)).trpc.auth.me.query();
  expect(me.notices.find(({ kind }) => kind === "role_changed")?.by).toBe(admin.name);
  const [entry] = await central.sql`select filters, outcome from access_log
    where user_id = ${admin.id} and action = 'users.setRole'`;
  expect(entry).toEqual({
    filters: { id: viewer.id, role: "operator", reason: "joins the dispatch", subject: viewer.name },
    outcome: "ok",
  });
  expect(await failureOf(setRole.mutate({ id: viewer.id, role: "operator", reason: "once more" }))).toBe("conflict");
});

test("The only administrator makes a second one alone, and from then on two decide", async () => {
  const [admin, one, two] = [await somebody("admin"), await somebody("operator"), await somebody("operator")];
  expect(await propose(admin, one)).toBeNull();
  expect(await roleOf(one)).toBe("admin");
  expect(await propose(admin, two)).toMatchObject({
    kind: "grant_admin",
    person: { id: two.id, name: two.name },
    requestedBy: { id: admin.id, name: admin.name },
    reason: "needed at night",
  });
  expect([await roleOf(two), await isSignedIn(two)]).toEqual(["operator", true]);
});

test("Two proposals of the only administrator at the same moment make one administrator", async () => {
  const [admin, one, two] = [await somebody("admin"), await somebody("operator"), await somebody("operator")];
  const approvals = await Promise.all([propose(admin, one), propose(admin, two)]);
  expect(approvals.filter((approval) => approval === null)).toHaveLength(1);
  expect(new Set([await roleOf(one), await roleOf(two)])).toEqual(new Set(["admin", "operator"]));
});

test("Another administrator decides: not the one who asked, not the person, and only once", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const approval = await propose(admin, viewer);
  expect((await other.browser.trpc.users.list.query()).approvals).toEqual([approval]);
  expect(await decide(admin, approval, true)).toBe("forbidden");
  expect(await decide(viewer, approval, true)).toBe("forbidden");
  expect(await roleOf(viewer)).toBe("viewer");
  expect(await failureOf(propose(other, viewer))).toBe("conflict");
  expect(await decide(other, approval, true)).toBe("ok");
  expect([await roleOf(viewer), await isSignedIn(viewer)]).toEqual(["admin", false]);
  expect(await decide(other, approval, false)).toBe("not_found");
  expect((await other.browser.trpc.users.list.query()).approvals).toEqual([]);
});

test("A person who became an administrator meanwhile does not decide about themselves", async () => {
  const [admin, , viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const approval = await propose(admin, viewer);
  await central.sql`update users set role = 'admin' where id = ${viewer.id}`;
  expect(await decide(viewer, approval, true)).toBe("forbidden");
});

test("A refusal leaves everything as it was, and it can be asked again", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const approval = await propose(admin, viewer);
  expect(await decide(other, approval, false)).toBe("ok");
  expect([await roleOf(viewer), await isSignedIn(viewer)]).toEqual(["viewer", true]);
  expect((await propose(admin, viewer))?.id).not.toBe(approval?.id);
});

test("After two days a proposal is void, and can be made again", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const approval = await propose(admin, viewer);
  const lasts = Date.parse(approval?.expiresAt ?? "") - Date.parse(approval?.requestedAt ?? "");
  expect(Math.round(lasts / 3_600_000)).toBe(48);
  await central.sql`update approvals set expires_at = now() where id = ${approval?.id ?? null}`;
  expect(await decide(other, approval, true)).toBe("not_found");
  expect((await other.browser.trpc.users.list.query()).approvals).toEqual([]);
  expect((await propose(other, viewer))?.requestedBy.id).toBe(other.id);
});

test("An administrator who is demoted loses what they proposed", async () => {
  const [admin, other, third] = [await somebody("admin"), await somebody("admin"), await somebody("admin")];
  const viewer = await somebody("viewer");
  const approval = await propose(other, viewer);
  await admin.browser.trpc.users.setRole.mutate({ id: other.id, role: "operator", reason: "fewer hours" });
  expect(await decide(third, approval, true)).toBe("not_found");
  expect(await roleOf(viewer)).toBe("viewer");
});

test("A disabled person gets no role", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const approval = await propose(admin, viewer);
  await central.sql`update users set disabled_at = now() where id = ${viewer.id}`;
  expect(await decide(other, approval, true)).toBe("conflict");
  expect(await failureOf(propose(admin, viewer))).toBe("conflict");
  expect(await roleOf(viewer)).toBe("viewer");
});

test("A reset that waits for its person is no way to decide alone: that person still decides", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  await admin.browser.trpc.users.resetAuthenticator.mutate({ id: other.id });
  const approval = await propose(admin, viewer);
  expect(approval).not.toBeNull();
  expect(await decide(other, approval, false)).toBe("ok");
});

const aNewAdministrator = () => ({
  email: `new-${crypto.randomUUID()}@example.org`,
  name: "New",
  role: "admin" as const,
});
const quarrel = { reason: "a quarrel" };

test.each<[string, (users: Browser["trpc"]["users"], id: string) => Promise<unknown>]>([
  ["demoted", (users, id) => users.setRole.mutate({ id, role: "operator", ...quarrel })],
  ["disabled", (users, id) => users.setDisabled.mutate({ id, disabled: true, ...quarrel })],
  [
    "demoted, disabled and let in again",
    async (users, id) => {
      await users.setRole.mutate({ id, role: "operator", ...quarrel });
      await users.setDisabled.mutate({ id, disabled: true, ...quarrel });
      await users.setDisabled.mutate({ id, disabled: false, ...quarrel });
    },
  ],
  [
    "demoted twice",
    async (users, id) => {
      await users.setRole.mutate({ id, role: "operator", ...quarrel });
      await users.setRole.mutate({ id, role: "viewer", ...quarrel });
    },
  ],
])("For 48 hours after the other one was %s, an administrator makes no new one alone", async (_how, putOut) => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const { users } = admin.browser.trpc;
  await putOut(users, other.id);
  const approval = await propose(admin, viewer);
  expect([approval?.kind, await roleOf(viewer)]).toEqual(["grant_admin", "viewer"]);
  expect(await decide(admin, approval, true)).toBe("forbidden");
  expect(await failureOf(users.invite.mutate(aNewAdministrator()))).toBe("conflict");
  const [row] = await central.sql<{ hours: number }[]>`
    select extract(epoch from admin_until - now())::float8 / 3600 as hours from users where id = ${other.id}`;
  expect(Math.round(row?.hours ?? 0)).toBe(48);
  await central.sql`update users set admin_until = now() where id = ${other.id}`;
  expect(await propose(admin, viewer)).toBeNull();
  expect(await roleOf(viewer)).toBe("admin");
});

test("Who is an administrator again counts as one, and no longer for having been one", async () => {
  const [admin, other, third] = [await somebody("admin"), await somebody("admin"), await somebody("admin")];
  const { users } = admin.browser.trpc;
  await users.setDisabled.mutate({ id: other.id, disabled: true, ...quarrel });
  await users.setDisabled.mutate({ id: other.id, disabled: false, ...quarrel });
  await users.setRole.mutate({ id: other.id, role: "viewer", ...quarrel });
  expect(await decide(third, await propose(admin, other), true)).toBe("ok");
  expect(await central.sql`select 1 from users where admin_until is not null`).toEqual([]);
});

test("Whom the operator's command disables holds nobody up: it is the way out", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  await setDisabled(central.central, null, { id: other.id, disabled: true, reason: "left us" });
  expect(await propose(admin, viewer)).toBeNull();
});

test("Ten decisions at the same moment are one", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const approval = await propose(admin, viewer);
  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => decide(other, approval, n % 2 === 0)));
  expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
});
