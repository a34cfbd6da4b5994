/** Accounts as administrators change them, over HTTP. */
import type { Role } from "@chaverim/contracts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
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
const signIn = async (user: TestUser): Promise<Browser> => {
  await central.central.limits.forget("signIn", "127.0.0.1");
  return signInAs(central.openBrowser(), user);
};
const somebody = async (role: Role): Promise<Somebody> => {
  const user = await aUser(central.central, role);
  return { ...user, browser: await signIn(user) };
};
const isSignedIn = async ({ browser }: Somebody) => (await failureOf(browser.trpc.auth.me.query())) === "ok";
const rowOf = async ({ browser }: Somebody, { id }: { id: string }) =>
  (await browser.trpc.users.list.query()).people.find((person) => person.id === id);
let invited = 0;
const aNewcomer = (role: Role) => ({ email: `New-${++invited}@Example.org`, name: "New Person", role });

test("The list holds everybody, what is known of them, and no secret; the look names who was shown", async () => {
  const admin = await somebody("admin");
  const viewer = await somebody("viewer");
  await admin.browser.trpc.users.invite.mutate(aNewcomer("viewer"));
  const list = await admin.browser.trpc.users.list.query();
  expect(list.people.find(({ id }) => id === viewer.id)).toEqual({
    id: viewer.id,
    email: viewer.email,
    name: viewer.name,
    role: "viewer",
    area: null,
    trainedOn: new Date().toISOString().slice(0, 10),
    createdAt: expect.any(String),
    lastSeenAt: expect.any(String),
    devices: 1,
    hasAuthenticator: true,
    disabled: null,
  });
  expect(JSON.stringify(list)).not.toMatch(/argon2|hash|secret|token/i);
  const [entry] = await central.sql`select result_count as count from access_log
    where user_id = ${admin.id} and action = 'users.list' order by id desc limit 1`;
  expect(entry).toEqual({ count: list.people.length });
});

test("Somebody who signed out was still seen, and has no device", async () => {
  const admin = await somebody("admin");
  const viewer = await somebody("viewer");
  await viewer.browser.trpc.auth.logout.mutate();
  const row = await rowOf(admin, viewer);
  expect(row?.devices).toBe(0);
  expect(Date.now() - Date.parse(row?.lastSeenAt ?? "")).toBeLessThan(60_000);
});

test("An invitation is listed without its token until it is withdrawn; a known address is a conflict", async () => {
  const admin = await somebody("admin");
  const { users } = admin.browser.trpc;
  const person = { ...aNewcomer("operator"), area: "North", trainedOn: "2026-01-02" };
  const { invitation, link } = await users.invite.mutate(person);
  const [, token = ""] = link.split("#");
  expect(link).toBe(`${central.central.origins.publicUrl}/join#${token}`);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(invitation).toMatchObject({
    kind: "invite",
    email: person.email.toLowerCase(),
    role: "operator",
    invitedBy: admin.name,
  });
  const list = await users.list.query();
  expect(list.invitations).toContainEqual(invitation);
  expect(JSON.stringify(list)).not.toContain(token);
  const written = await central.sql`select filters::text as text from access_log where action = 'users.invite'`;
  expect(JSON.stringify(written)).not.toContain(token);
  await users.cancelInvitation.mutate({ id: invitation.id });
  expect(await failureOf(users.cancelInvitation.mutate({ id: invitation.id }))).toBe("not_found");
  expect((await users.list.query()).invitations).not.toContainEqual(invitation);
  expect(await failureOf(central.openBrowser().trpc.auth.invitation.query({ token }))).toBe("not_found");
  expect(await failureOf(users.invite.mutate({ ...person, email: admin.email.toUpperCase() }))).toBe("conflict");
});

test("One administrator may invite another; where there are two, that takes a proposal", async () => {
  const admin = await somebody("admin");
  const { users } = admin.browser.trpc;
  expect(await failureOf(users.invite.mutate(aNewcomer("admin")))).toBe("ok");
  await somebody("admin");
  const refusal = await users.invite.mutate(aNewcomer("admin")).catch((error: Error) => error.message);
  expect(refusal).toMatch(/invite the person as an operator, then propose them/);
});

test("Name, area and training change one by one, and a training is never in the future", async () => {
  const admin = await somebody("admin");
  const { users } = admin.browser.trpc;
  const { id } = await somebody("viewer");
  await users.update.mutate({ id, name: "Another Name" });
  await users.update.mutate({ id, area: "North" });
  await users.update.mutate({ id, trainedOn: "2026-02-03" });
  expect(await rowOf(admin, { id })).toMatchObject({ name: "Another Name", area: "North", trainedOn: "2026-02-03" });
  await users.update.mutate({ id, area: null });
  expect(await rowOf(admin, { id })).toMatchObject({ name: "Another Name", area: null, trainedOn: "2026-02-03" });
  const tomorrow = new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 10);
  expect(await failureOf(users.update.mutate({ id, trainedOn: tomorrow }))).toBe("invalid");
  expect(await failureOf(users.invite.mutate({ ...aNewcomer("viewer"), trainedOn: tomorrow }))).toBe("invalid");
  expect(await failureOf(users.update.mutate({ id, trainedOn: "2026-02-30" }))).toBe("invalid");
  expect(await failureOf(users.update.mutate({ id: crypto.randomUUID(), name: "N" }))).toBe("not_found");
});

test("What a body holds beyond the schema is ignored", async () => {
  const admin = await somebody("admin");
  const viewer = await somebody("viewer");
  const body = {
    id: viewer.id,
    name: "Same Person",
    role: "admin",
    email: "x@example.org",
    passwordHash: "x",
    totpSecret: null,
  };
  expect((await admin.browser.call("users.update", body)).status).toBe(200);
  expect(await rowOf(admin, viewer)).toMatchObject({ name: "Same Person", role: "viewer", email: viewer.email });
});

test("A disabled person is out at once on all devices, stays out, and comes back without any of them", async () => {
  const admin = await somebody("admin");
  const viewer = await somebody("viewer");
  const { setDisabled } = admin.browser.trpc.users;
  await setDisabled.mutate({ id: viewer.id, disabled: true, reason: "left the organisation" });
  expect(await isSignedIn(viewer)).toBe(false);
  expect(await failureOf(signIn(viewer))).toBe("sign_in_failed");
  expect((await rowOf(admin, viewer))?.disabled).toEqual({
    at: expect.any(String),
    by: admin.name,
    reason: "left the organisation",
  });
  await setDisabled.mutate({ id: viewer.id, disabled: false, reason: "came back" });
  expect(await isSignedIn(viewer)).toBe(false);
  expect(await rowOf(admin, viewer)).toMatchObject({ disabled: null, devices: 0 });
  expect(await failureOf(signIn(await withNewCode(viewer)))).toBe("ok");
});

/** A code works once; the next one would come only in half a minute. */
const withNewCode = async (user: TestUser): Promise<TestUser> => {
  await central.sql`update users set totp_last_step = 0 where id = ${user.id}`;
  return user;
};

test("A disabled administrator's links and proposals are void, and stay so", async () => {
  const [admin, other, viewer] = [await somebody("admin"), await somebody("admin"), await somebody("viewer")];
  const { link } = await other.browser.trpc.users.invite.mutate(aNewcomer("viewer"));
  await other.browser.trpc.users.setRole.mutate({ id: viewer.id, role: "admin", reason: "needed at night" });
  const { setDisabled } = admin.browser.trpc.users;
  await setDisabled.mutate({ id: other.id, disabled: true, reason: "left the organisation" });
  await setDisabled.mutate({ id: other.id, disabled: false, reason: "came back" });
  expect(await admin.browser.trpc.users.list.query()).toMatchObject({ invitations: [], approvals: [] });
  const [, token = ""] = link.split("#");
  expect(await failureOf(central.openBrowser().trpc.auth.invitation.query({ token }))).toBe("not_found");
});

test("The last administrator can be neither disabled nor demoted, and nobody does it to themselves", async () => {
  const admin = await somebody("admin");
  const { setDisabled, setRole } = admin.browser.trpc.users;
  const disabling = { id: admin.id, disabled: true, reason: "on holiday" };
  expect(await failureOf(setDisabled.mutate(disabling))).toBe("conflict");
  expect(await failureOf(setRole.mutate({ id: admin.id, role: "viewer", reason: "on holiday" }))).toBe("forbidden");
  await somebody("admin");
  expect(await failureOf(setDisabled.mutate(disabling))).toBe("forbidden");
  expect(await failureOf(setRole.mutate({ id: admin.id, role: "viewer", reason: "on holiday" }))).toBe("forbidden");
  expect(await rowOf(admin, admin)).toMatchObject({ role: "admin", disabled: null });
});

test.each(["disabled", "demoted"] as const)(
  "Administrators who have each other %s at the same moment leave one who can sign in",
  async (how) => {
    for (let round = 0; round < 3; round++) {
      await central.sql`update users set disabled_at = now() where disabled_at is null`;
      const admins = [await somebody("admin"), await somebody("admin"), await somebody("admin")];
      const calls = admins.flatMap(({ browser, id }) =>
        admins
          .filter((other) => other.id !== id)
          .map((other) => {
            const { users } = browser.trpc;
            if (how === "disabled")
              return users.setDisabled.mutate({ id: other.id, disabled: true, reason: "a quarrel" });
            return users.setRole.mutate({ id: other.id, role: "viewer", reason: "a quarrel" });
          }),
      );
      const outcomes = await Promise.all(calls.map(failureOf));
      expect(outcomes.filter((outcome) => outcome === "ok").length).toBeGreaterThanOrEqual(2);
      const left = await central.sql`
        select 1 from users where role = 'admin' and disabled_at is null`;
      expect(left).toHaveLength(1);
    }
  },
);

test("A lost authenticator is replaced with somebody else's help; the person's devices stay and say so", async () => {
  const [admin, operator] = [await somebody("admin"), await somebody("operator")];
  const { users } = admin.browser.trpc;
  expect(await failureOf(users.resetAuthenticator.mutate({ id: admin.id }))).toBe("forbidden");
  await central.sql`insert into recovery_codes (code_hash, user_id) values ('\\x01', ${operator.id})`;
  const { link, expiresAt } = await users.resetAuthenticator.mutate({ id: operator.id });
  expect(link).toMatch(/\/join#[\w-]{43}$/);
  expect(Math.round((Date.parse(expiresAt) - Date.now()) / 3_600_000)).toBe(48);
  const me = await operator.browser.trpc.auth.me.query();
  expect(me.recoveryCodesLeft).toBe(1);
  expect(me.notices).toMatchObject([{ kind: "authenticator_reset", by: admin.name }]);
  expect(await rowOf(admin, operator)).toMatchObject({ hasAuthenticator: false, devices: 1 });
  const [invitation] = (await users.list.query()).invitations.filter(({ email }) => email === operator.email);
  expect(invitation).toMatchObject({ kind: "reset", invitedBy: admin.name });
  await users.cancelInvitation.mutate({ id: invitation?.id ?? "" });
  expect(await rowOf(admin, operator)).toMatchObject({ hasAuthenticator: true });
  await users.setDisabled.mutate({ id: operator.id, disabled: true, reason: "left the organisation" });
  expect(await failureOf(users.resetAuthenticator.mutate({ id: operator.id }))).toBe("conflict");
});

test("An administrator who resets the others disarms none of them: they act, and disable who did it", async () => {
  const [rogue, other] = [await somebody("admin"), await somebody("admin")];
  await rogue.browser.trpc.users.resetAuthenticator.mutate({ id: other.id });
  const { setDisabled } = other.browser.trpc.users;
  expect(await failureOf(setDisabled.mutate({ id: rogue.id, disabled: true, reason: "a quarrel" }))).toBe("ok");
});

test("Nobody changes their own name, area or day of training", async () => {
  const admin = await somebody("admin");
  const { users } = admin.browser.trpc;
  for (const details of [{ name: "Somebody Else" }, { area: "North" }, { trainedOn: "2026-02-03" }])
    expect([details, await failureOf(users.update.mutate({ id: admin.id, ...details }))]).toEqual([
      details,
      "forbidden",
    ]);
  expect(await rowOf(admin, admin)).toMatchObject({ name: admin.name, area: null, trainedOn: admin.trainedOn });
});

test.each(["Server console", "SERVER\u2003CONSOLE", "Serverconsole"])(
  "Nobody is invited or renamed as %j, which is the operator's command in the log",
  async (name) => {
    const [admin, viewer] = [await somebody("admin"), await somebody("viewer")];
    const { users } = admin.browser.trpc;
    expect(await failureOf(users.invite.mutate({ ...aNewcomer("viewer"), name }))).toBe("invalid");
    expect(await failureOf(users.update.mutate({ id: viewer.id, name }))).toBe("invalid");
  },
);

test("Devices of others are listed and ended by an administrator, and every look at them is written down", async () => {
  const [admin, operator] = [await somebody("admin"), await somebody("operator")];
  const { users } = admin.browser.trpc;
  const [device, ...more] = await users.devices.query({ id: operator.id });
  expect(more).toEqual([]);
  expect(device).toMatchObject({ kind: "desktop", current: false, revoked: null });
  const id = device?.id ?? "";
  await users.revokeDevice.mutate({ id });
  expect(await isSignedIn(operator)).toBe(false);
  expect(await users.devices.query({ id: operator.id })).toMatchObject([{ id, revoked: { by: admin.name } }]);
  expect(await failureOf(users.revokeDevice.mutate({ id }))).toBe("not_found");
  expect(await failureOf(users.revokeDevice.mutate({ id: crypto.randomUUID() }))).toBe("not_found");
  const looks = await central.sql`select filters ->> 'id' as of, result_count as count from access_log
    where user_id = ${admin.id} and action = 'users.devices' and outcome = 'ok'`;
  expect(looks).toEqual([
    { of: operator.id, count: 1 },
    { of: operator.id, count: 1 },
  ]);
});

test.each(["a\u0000b", "\ud800 half", "   ", "two\nlines", "x".repeat(101)])(
  "A name of %j is refused, and that is no error of central's",
  async (name) => {
    const admin = await somebody("admin");
    const { users } = admin.browser.trpc;
    expect(await failureOf(users.update.mutate({ id: admin.id, name }))).toBe("invalid");
    expect(await failureOf(users.invite.mutate({ ...aNewcomer("viewer"), name }))).toBe("invalid");
  },
);
