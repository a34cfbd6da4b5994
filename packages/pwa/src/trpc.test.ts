/** What the door to central does by itself: asking for a code or a purpose, and telling the background from a person. */
import { HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import { ask, asked, settle } from "./asking.ts";
import { refuses, says, standIn } from "./stand-in.ts";
import { BACKGROUND, trpc, troubleOf, troubleText } from "./trpc.ts";

const central = standIn();
beforeEach(() => settle(false));

/** Refuses once with each code, then answers. */
const refusesFirst = (...codes: string[]) => {
  const left = [...codes];
  return () => {
    const code = left.shift();
    return code === undefined ? says({ recoveryCodes: ["A"] }) : refuses(code, 403);
  };
};
const renew = () => trpc.auth.renewRecoveryCodes.mutate();

test("a call that needs a code goes on by itself once the code was given", async () => {
  const sent = central.on("auth.renewRecoveryCodes", refusesFirst("step_up_needed"));
  const made = renew();
  await vi.waitFor(() => expect(asked()).toBe("code"));
  settle(true);
  expect(await made).toEqual({ recoveryCodes: ["A"] });
  expect(sent).toHaveLength(2);
  expect(asked()).toBeNull();
});

test("a person who would rather not give a code gets the refusal, and nothing is sent again", async () => {
  const sent = central.on("auth.renewRecoveryCodes", refusesFirst("step_up_needed"));
  const made = renew().catch((error: unknown) => troubleOf(error).code);
  await vi.waitFor(() => expect(asked()).toBe("code"));
  settle(false);
  expect(await made).toBe("step_up_needed");
  expect(sent).toHaveLength(1);
});

test("a call may lack a purpose and a code, and is asked for each", async () => {
  central.on("auth.renewRecoveryCodes", refusesFirst("purpose_needed", "step_up_needed"));
  const made = renew();
  await vi.waitFor(() => expect(asked()).toBe("purpose"));
  settle(true);
  await vi.waitFor(() => expect(asked()).toBe("code"));
  settle(true);
  expect(await made).toEqual({ recoveryCodes: ["A"] });
});

test("a code that was given and is asked for again is a refusal, not a circle", async () => {
  central.on("auth.renewRecoveryCodes", () => refuses("step_up_needed", 403));
  const made = renew().catch((error: unknown) => troubleOf(error).code);
  await vi.waitFor(() => expect(asked()).toBe("code"));
  settle(true);
  expect(await made).toBe("step_up_needed");
});

test("who needs the same answer shares a question, and another question waits for its turn", async () => {
  const answers = [ask("code"), ask("code"), ask("purpose")];
  expect(asked()).toBe("code");
  settle(true);
  await vi.waitFor(() => expect(asked()).toBe("purpose"));
  settle(false);
  expect(await Promise.all(answers)).toEqual([true, true, false]);
});

test("the background asks nobody for anything", async () => {
  central.on("auth.me", () => refuses("step_up_needed", 403));
  await expect(trpc.auth.me.query(undefined, BACKGROUND)).rejects.toThrow("step_up_needed");
  expect(asked()).toBeNull();
});

test("a call in the background says so, and never travels with a person's", async () => {
  const inBackground = new Map<string, boolean>();
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    inBackground.set(new URL(url).pathname, new Headers(init.headers).has("x-background"));
    return HttpResponse.json([{ result: { data: [] } }]);
  });
  await Promise.all([trpc.auth.me.query(undefined, BACKGROUND), trpc.auth.devices.query()]);
  expect(Object.fromEntries(inBackground)).toEqual({ "/trpc/auth.me": true, "/trpc/auth.devices": false });
});

test("what may take long goes by itself: nothing waits for it, and it ends when nobody wants it any more", async () => {
  const sent = new Map<string, RequestInit>();
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const { pathname } = new URL(url);
    sent.set(pathname, init);
    if (pathname.includes("search")) return new Promise(() => undefined);
    return Promise.resolve(HttpResponse.json(pathname.split(",").map(() => ({ result: { data: [] } }))));
  });
  const leaving = new AbortController();
  void trpc.detections.search.query({ plate: "128567", way: "similar" }, { signal: leaving.signal }).catch(() => null);
  await Promise.all([trpc.plates.read.query({ plate: "128567" }), trpc.policy.read.query(), trpc.auth.devices.query()]);
  expect([...sent.keys()].toSorted()).toEqual([
    "/trpc/detections.search",
    "/trpc/plates.read",
    "/trpc/policy.read,auth.devices",
  ]);
  const search = sent.get("/trpc/detections.search");
  expect(search).toMatchObject({ method: "POST", credentials: "same-origin" });
  expect(search?.signal?.aborted).toBe(false);
  leaving.abort();
  expect(search?.signal?.aborted).toBe(true);
});

test("a search that took too long is told with what helps", () => {
  const trouble = { code: "too_slow", message: "A sentence.", requestId: "r1", retryAfterSeconds: null } as const;
  expect(troubleText(trouble)).toBe("This takes too long. Type more of the plate, or choose a shorter time.");
});
