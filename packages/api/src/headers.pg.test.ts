/** Headers of every kind of answer: what browsers may do with it, and what no store on the way may keep. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aJpeg, sendBatch } from "./testing/batches.ts";
import { type TestCentral, openTestCentral } from "./testing/central.ts";
import type { Browser } from "./testing/people.ts";

let central: TestCentral;
let admin: Browser;
let image = "";
beforeAll(async () => {
  central = await openTestCentral({ config: { publicUrl: "https://alpr.example.org" } });
  admin = await central.signIn("admin");
  const collector = await central.addCollector(["gate"]);
  const pictures = { full: aJpeg(), crop: aJpeg() };
  const detection = aDetection({}, pictures);
  await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
  image = `/api/evidence/${detection.id}/crop`;
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const ask = (path: string): Promise<Response> =>
  path.startsWith("/trpc/")
    ? admin.fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" })
    : admin.fetch(path);

const PATHS = [
  "/",
  "/boot.js",
  "/healthz",
  "/readyz",
  "/metrics",
  "/api/v1/keys",
  "/api/v1/nothing",
  "/transparency",
  "/policy",
  "/trpc/auth.me",
  "/trpc/no.such",
  "image",
];

test.each(PATHS)(
  "An answer at %s tells browsers to run only our own files, guess nothing and be framed by nobody",
  async (path) => {
    const { headers } = await ask(path === "image" ? image : path);
    const policy = headers.get("content-security-policy") ?? "";
    for (const directive of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
      expect(policy).toContain(directive);
    expect(policy).toMatch(/default-src '(self|none)'/);
    expect(policy).not.toMatch(/(default|script)-src[^;]*(unsafe|\*|https?:|data:)/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("strict-transport-security")).toBe("max-age=63072000; includeSubDomains");
    expect(headers.get("x-powered-by")).toBeNull();
  },
);

test("On screens text becomes markup and the address of a script through two named policies alone", async () => {
  const policy = (await ask("/")).headers.get("content-security-policy") ?? "";
  expect(policy.split(";")).toEqual(
    expect.arrayContaining([
      "script-src 'self'",
      "require-trusted-types-for 'script'",
      "trusted-types templates worker",
    ]),
  );
});

test.each(PATHS)("No other site reads an answer at %s", async (path) => {
  const response = await admin.fetch(path === "image" ? image : path, { headers: { Origin: "https://evil.example" } });
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
});

test.each([
  ["/healthz", "application/json; charset=utf-8"],
  ["/api/v1/nothing", "application/json; charset=utf-8"],
  ["/trpc/auth.me", "application/json"],
  ["/metrics", "text/plain; version=0.0.4; charset=utf-8"],
])("%s says what it is: %s", async (path, type) => {
  expect((await ask(path)).headers.get("content-type")).toBe(type);
});

test("A picture is named after its detection, kept by nobody on the way, and opened as a page of its own it is only a picture", async () => {
  const { headers, status } = await ask(image);
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("image/jpeg");
  expect(headers.get("content-disposition")).toMatch(/^inline; filename="[0-9a-f-]{36}-crop\.jpg"$/);
  expect(headers.get("content-security-policy")).toMatch(/^default-src 'none';.*; sandbox$/);
  expect(headers.get("cache-control")).toBe("private, no-store");
});

test.each(["/trpc/auth.me", "/trpc/no.such", "/api/v1/keys", "image"])(
  "An answer at %s is kept by no browser and no proxy",
  async (path) => {
    expect((await ask(path === "image" ? image : path)).headers.get("cache-control")).toContain("no-store");
  },
);

test.each(["/assets", "/assets/"])("What lies in the folder %s is not listed", async (path) => {
  const response = await ask(path);
  expect([response.status, await response.json()]).toMatchObject([404, { code: "not_found" }]);
});

test("Another site that asks first is given no leave", async () => {
  for (const method of ["OPTIONS", "PROPFIND"]) {
    const response = await fetch(`${central.url}/trpc/auth.me`, {
      method,
      headers: { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" },
    });
    expect([method, response.ok]).toEqual([method, false]);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  }
});
