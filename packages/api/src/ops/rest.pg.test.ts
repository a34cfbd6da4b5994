/** What central answers to machines: health, metrics, keys, its own description, and the screens' files. */
import { ROUTES } from "@chaverim/contracts";
import { openDatabase } from "@chaverim/db/open";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";

let central: TestCentral;
beforeAll(async () => {
  central = await openTestCentral();
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${central.url}${path}`, { headers });

test("Ping, health and readiness say yes", async () => {
  expect((await get("/api/v1/ping")).status).toBe(204);
  expect(await (await get("/healthz")).json()).toEqual({ status: "ok", version: expect.any(String) });
  expect(await (await get("/readyz")).json()).toEqual({ status: "ready", database: "ok", evidence: "ok" });
});

test("Without its database central is alive, not ready, and metrics say so as a failure", async () => {
  const { database } = central.central;
  await using away = openDatabase("postgres://alpr:x@127.0.0.1:9/alpr", { max: 1 });
  central.central.database = away;
  try {
    const ready = await get("/readyz");
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: "not ready", database: "failed", evidence: "ok" },
    ]);
    expect((await get("/healthz")).status).toBe(200);
  } finally {
    central.central.database = database;
  }
});

test("Metrics count batches and detections, by this machine alone or with the token", async () => {
  const collector = await central.addCollector(["gate"]);
  const detection = aDetection();
  await sendBatch(central.url, collector.apiKey, [detection, detection, 1]);
  const response = await get("/metrics");
  const text = await response.text();
  expect(response.headers.get("content-type")).toContain("text/plain");
  expect(text).toContain('alpr_detections_total{status="stored"} 1');
  expect(text).toContain('alpr_detections_total{status="duplicate"} 1');
  expect(text).toContain('alpr_detections_total{status="quarantined"} 1');
  expect(text).toContain("alpr_ingest_batch_seconds_count 1");
  expect(text).toContain('alpr_alerts_total{priority="1",late="false"} 0');
  expect(text).toContain("alpr_quarantine_undecided 1");
  expect(text).toContain('alpr_health_alerts{kind="offline"} 0');
  expect(text).toContain(`alpr_collector_last_seen_seconds{collector="${collector.name}"}`);
  expect((await get("/metrics", { "X-Forwarded-For": "203.0.113.9" })).status).toBe(403);
  await using guarded = await openTestCentral({ config: { metricsToken: "a token of some length" } });
  const from = (authorization: string) =>
    fetch(`${guarded.url}/metrics`, { headers: { "X-Forwarded-For": "203.0.113.9", Authorization: authorization } });
  expect((await from("Bearer a token of some length")).status).toBe(200);
  expect((await from("Bearer another token")).status).toBe(403);
});

test("The OpenAPI document lists every route that is for collectors, with every schema it refers to", async () => {
  const document = (await (await get("/api/v1/openapi.json")).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  };
  expect(document.openapi).toBe("3.1.0");
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/{(\w+)}/g, ":$1")}`),
  );
  const forCollectors = Object.keys(ROUTES).filter(
    (route) => route.includes(" /api/v1/") && !route.endsWith("openapi.json"),
  );
  expect(described.toSorted()).toEqual(forCollectors.toSorted());
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) =>
    path.split("/"),
  );
  for (const path of references) {
    const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
    expect([path, found]).not.toEqual([path, undefined]);
  }
});

test("Every answer names its request and carries the headers that keep other sites out", async () => {
  const response = await get("/healthz");
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("x-powered-by")).toBeNull();
});

test.each([
  ["/api/v1/nothing", 404],
  ["/api/evidence/x/other", 404],
  ["/assets/none.js", 404],
  ["/trpc/no.such", 400],
  ["/assets/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", 400],
])("There is nothing at %s, and the answer says so", async (path, status) => {
  const response = await get(path);
  expect(response.status).toBe(status);
  expect(await response.text()).toMatch(/"code":"(not_found|invalid)"/);
});
