/** A whole central against bodies that nobody would send by mistake: broken frames, texts and pictures. */
import { readdir } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { batchResponseSchema, failureSchema, heartbeatResponseSchema } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { aDetection, aJpeg, sendBatch } from "../testing/batches.ts";
import { openTestCentral } from "../testing/central.ts";
import { type FuzzRequest, fuzzRequests } from "./testing/fuzz.ts";

/** A few seconds; CONTRIBUTING.md says how to run a hundred thousand, and how to run one seed again. */
const BODIES = Number(process.env["FUZZ_BODIES"] ?? 1500);
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 32);
/** Twenty times what a body takes on a calm machine. */
const TIMEOUT_MS = 60_000 + BODIES * 100;
/** As many as one key may have under way. */
const AT_ONCE = 4;
/** Memory is judged between a third of the bodies, when everything has been used once, and all of them. */
const WARM_SHARE = 1 / 3;
/** What a heap of 100 MB swings by between two collections. */
const SWING_BYTES = 48 * 1024 * 1024;

type Told = { status: number; body: string };

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** Null when the connection was closed before everything was written: central need not read what it refused. */
const post = (url: string, apiKey: string, { path, contentType, body }: FuzzRequest): Promise<Told | null> =>
  new Promise((resolve, reject) => {
    const headers = { "X-API-Key": apiKey, "Content-Type": contentType, "Content-Length": body.length };
    const sent = request(`${url}${path}`, { method: "POST", headers, agent }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    sent.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve(null);
      else reject(error);
    });
    sent.end(body);
  });

/** An answer is one that the wire has: a result, a heartbeat's, an acknowledgement's, or a failure in words. */
const isAnswer = ({ path }: FuzzRequest, { status, body }: Told): boolean => {
  const value: unknown = JSON.parse(body);
  if (status >= 500) return false;
  if (status >= 400) return failureSchema.safeParse(value).success;
  if (path.endsWith("/ack")) return status === 200;
  return (path.endsWith("/heartbeat") ? heartbeatResponseSchema : batchResponseSchema).safeParse(value).success;
};

test(
  "broken requests are answered in the wire's own words; nothing is left behind and no memory goes",
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    process.stdout.write(`FUZZ_SEED=${SEED} FUZZ_BODIES=${BODIES}\n`);
    await using central = await openTestCentral();
    const { apiKey } = await central.addCollector(["gate"]);
    const requests = fuzzRequests(SEED, BODIES);
    const statuses: Record<string, number> = {};
    const wrong: object[] = [];
    let count = 0;
    let warmBytes = 0;
    const sendAll = async (): Promise<void> => {
      for (const broken of requests) {
        const told = await post(central.url, apiKey, broken);
        statuses[told?.status ?? "closed"] = (statuses[told?.status ?? "closed"] ?? 0) + 1;
        if (told && !isAnswer(broken, told)) wrong.push({ ...broken, body: broken.body.toString("base64"), told });
        if (++count === Math.ceil(BODIES * WARM_SHARE)) warmBytes = process.memoryUsage.rss();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sendAll));
    const grownBytes = process.memoryUsage.rss() - warmBytes;
    process.stdout.write(`${JSON.stringify(statuses)}, grown by ${Math.round(grownBytes / 1024 / 1024)} MB\n`);

    expect({ SEED, wrong }).toEqual({ SEED, wrong: [] });
    expect(count).toBe(BODIES);
    // Not everything is broken beyond reading, and not everything passes.
    expect(statuses["200"]).toBeGreaterThan(BODIES / 20);
    expect(statuses["400"]).toBeGreaterThan(BODIES / 20);
    expect(await readdir(join(central.dataDir, "evidence/staging"))).toEqual([]);
    expect(grownBytes).toBeLessThan(SWING_BYTES);
    const picture = aJpeg();
    const whole = await sendBatch(central.url, apiKey, [aDetection({}, { full: picture })], [{ full: picture }]);
    expect(whole.body.results).toMatchObject([{ status: "stored", missing: [] }]);
    agent.destroy();
  },
);
