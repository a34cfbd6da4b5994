/** The live channel and the session that it belongs to: how long one outlives the other, and what goes over it. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type TestCentral, openTestCentral } from "../testing/central.ts";
import { type Browser, codeOf } from "../testing/people.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

type Channel = {
  socket: WebSocket;
  browser: Browser;
  userId: string;
  deviceId: string;
  /** How the server closed it, and when. */
  closed: Promise<{ code: number; atMs: number }>;
};

const open = async (): Promise<Channel> => {
  const browser = await central.signIn("operator");
  const { user, deviceId } = await browser.trpc.auth.me.query();
  const socket = new WebSocket(`${central.url.replace("http", "ws")}/trpc`, { headers: browser.headers() });
  const closed = new Promise<{ code: number; atMs: number }>((resolve) =>
    socket.once("close", (code) => resolve({ code, atMs: performance.now() })),
  );
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return { socket, browser, userId: user.id, deviceId, closed };
};

const ENDINGS: Record<string, (channel: Channel) => Promise<unknown>> = {
  "signed out": ({ browser }) => browser.trpc.auth.logout.mutate(),
  revoked: ({ deviceId, userId }) => central.central.sessions.revoke(deviceId, userId, userId),
  "not used for too long": ({ deviceId }) =>
    central.sql`update sessions set idle_expires_at = now() - interval '1 second' where id = ${deviceId}`,
  "at its absolute end": ({ deviceId }) =>
    central.sql`update sessions set absolute_expires_at = now() - interval '1 second' where id = ${deviceId}`,
  "of somebody who is disabled": ({ userId }) => central.sql`update users set disabled_at = now() where id = ${userId}`,
};

test("A session that ends closes its channel within 5 s, however it ends", async () => {
  const measured = await Promise.all(
    Object.entries(ENDINGS).map(async ([how, end]) => {
      const channel = await open();
      await end(channel);
      const endedMs = performance.now();
      const { code, atMs } = await channel.closed;
      return { how, code, tookMs: Math.round(atMs - endedMs) };
    }),
  );
  expect(measured.map(({ code }) => code)).toEqual(measured.map(() => 4401));
  expect(measured.filter(({ tookMs }) => tookMs >= 5000)).toEqual([]);
});

test("A step-up, which changes the id of the cookie, leaves the channel open", async () => {
  const { socket, browser, userId, deviceId } = await open();
  const [user] = await central.sql<{ secret: Buffer }[]>`
    update users set totp_last_step = 0 where id = ${userId} returning totp_secret as secret`;
  const before = browser.cookies.get("session");
  await browser.trpc.auth.stepUp.mutate({ code: codeOf(central.central.keys.unseal(user?.secret ?? Buffer.of())) });
  expect(browser.cookies.get("session")).not.toBe(before);
  // The ten seconds of the old id are over.
  await central.sql`update sessions set previous_until = now() - interval '1 second' where id = ${deviceId}`;
  await sleep(5000);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.close();
});

test("Another role or area asks the channel to come back, as whoever the person is now", async () => {
  const [role, area] = [await open(), await open()];
  await central.sql`update users set role = 'viewer' where id = ${role.userId}`;
  await central.sql`update users set area = 'North' where id = ${area.userId}`;
  expect([(await role.closed).code, (await area.closed).code]).toEqual([1001, 1001]);
});

test("What is answered once is not answered over the live channel, where a session is older than the question", async () => {
  const { socket } = await open();
  const answer = new Promise<string>((resolve) =>
    socket.once("message", (data) => resolve((data as Buffer).toString())),
  );
  socket.send(JSON.stringify({ id: 1, method: "query", params: { path: "auth.me" } }));
  expect(JSON.parse(await answer)).toMatchObject({ id: 1, error: { data: { failure: { code: "not_found" } } } });
  socket.close();
});

const upgrade = (browser: Browser): Promise<{ socket: WebSocket; told: unknown }> => {
  const socket = new WebSocket(`${central.url.replace("http", "ws")}/trpc`, { headers: browser.headers() });
  return new Promise((resolve) => {
    socket.once("open", () => resolve({ socket, told: "open" }));
    socket.once("unexpected-response", (_request, response) => resolve({ socket, told: response.statusCode }));
  });
};

test("A person has twenty channels; the next one is refused until one of them closes, and somebody else's is not", async () => {
  const [browser, other] = [await central.signIn("operator"), await central.signIn("operator")];
  const opened = await Promise.all(Array.from({ length: 20 }, () => upgrade(browser)));
  expect(opened.map(({ told }) => told)).toEqual(Array(20).fill("open"));
  expect((await upgrade(browser)).told).toBe(429);
  const others = await upgrade(other);
  expect(others.told).toBe("open");
  const ended = new Promise((resolve) => opened[0]?.socket.once("close", resolve));
  opened[0]?.socket.close();
  await ended;
  await vi.waitFor(async () => expect((await upgrade(browser)).told).toBe("open"));
  for (const { socket } of [...opened, others]) socket.terminate();
});

test("A channel carries eight streams; one more is refused and not written down, until one of them ends", async () => {
  const { socket, userId } = await open();
  const answers: string[] = [];
  socket.on("message", (data) => {
    const { id, error, result } = JSON.parse((data as Buffer).toString()) as {
      id: number;
      error?: { data: { failure: { code: string } } };
      result?: { type: string };
    };
    const told = error?.data.failure.code ?? result?.type;
    if (told !== "started") answers.push(`${id} ${told}`);
  });
  const subscribe = (id: number) =>
    socket.send(JSON.stringify({ id, method: "subscription", params: { path: "alerts.live" } }));
  const written = async () =>
    (await central.sql`select 1 from access_log where user_id = ${userId} and action = 'alerts.live'`).length;
  for (let id = 1; id <= 8; id++) subscribe(id);
  await vi.waitFor(async () => expect(await written()).toBe(8));
  subscribe(9);
  await vi.waitFor(() => expect(answers).toContain("9 too_many"));
  expect(await written()).toBe(8);
  socket.send(JSON.stringify({ id: 1, method: "subscription.stop" }));
  await vi.waitFor(() => expect(answers).toContain("1 stopped"));
  subscribe(10);
  await vi.waitFor(async () => expect(await written()).toBe(9));
  expect(answers.filter((answer) => answer.endsWith("too_many"))).toHaveLength(1);
  socket.close();
});
