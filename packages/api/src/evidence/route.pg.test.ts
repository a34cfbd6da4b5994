/** Pictures over HTTP: how many, for whom, and that each one that leaves is written down before. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { type TestCentral, openTestCentral } from "../testing/central.ts";

let central: TestCentral;
let detectionId = "";
const pictures = { full: aJpeg(), crop: aJpeg() };
beforeAll(async () => {
  central = await openTestCentral();
  const collector = await central.addCollector(["gate"]);
  const detection = aDetection({ plate: "PICTURE1" }, pictures);
  detectionId = detection.id;
  await sendBatch(central.url, collector.apiKey, [detection], [pictures]);
});
afterAll(async () => {
  await central[Symbol.asyncDispose]();
});

const looks = () => central.sql<{ action: string; plate: string | null; count: number | null; outcome: string }[]>`
  select action, plate, result_count as count, outcome from access_log where action like 'GET /api/evidence%' order by id`;

test("A picture comes byte for byte as it was taken, with the hash that names it, and the look has its entry", async () => {
  const browser = await central.signIn("operator");
  const before = (await looks()).length;
  for (const role of ["crop", "full"] as const) {
    const response = await browser.fetch(`/api/evidence/${detectionId}/${role}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(pictures[role])).toBe(true);
    expect(response.headers.get("repr-digest")).toBe(
      `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`,
    );
  }
  expect((await looks()).slice(before)).toEqual([
    { action: "GET /api/evidence/:detectionId/crop", plate: "PICTURE1", count: 1, outcome: "ok" },
    { action: "GET /api/evidence/:detectionId/full", plate: "PICTURE1", count: 1, outcome: "ok" },
  ]);
});

test("Whoever asks for more than 1,200 pictures a minute has to wait; somebody else does not", async () => {
  const [browser, other] = [await central.signIn("admin"), await central.signIn("admin")];
  const { user } = await browser.trpc.auth.me.query();
  for (let asked = 0; asked < 1200; asked++) await central.central.limits.consume("image", user.id);
  const refused = await browser.fetch(`/api/evidence/${detectionId}/crop`);
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: "too_many" }]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await other.fetch(`/api/evidence/${detectionId}/crop`)).status).toBe(200);
});
