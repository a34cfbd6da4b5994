/**
 * Health for machines: alive, ready, metrics.
 * Rule: /healthz answers whatever is down; /metrics is for this machine or for whoever holds the token.
 */
import { timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Request, RequestHandler } from "express";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { sha256 } from "../keys.ts";
import { VERSION } from "../version.ts";

/** A check that takes longer than this counts as failed; load balancers ask every few seconds. */
const CHECK_TIMEOUT_MS = 2000;

export const healthz: RequestHandler = (_request, response) => void response.json({ status: "ok", version: VERSION });

const check = async (work: Promise<unknown>): Promise<"ok" | "failed"> => {
  const late = new AbortController();
  try {
    return await Promise.race([
      work.then(() => "ok" as const).catch(() => "failed" as const),
      sleep(CHECK_TIMEOUT_MS, "failed" as const, { signal: late.signal }),
    ]);
  } finally {
    late.abort();
  }
};

/** 200 when the database and the evidence store answer and central is not shutting down, else 503. */
export const createReadyHandler =
  (central: Central): RequestHandler =>
  async (_request, response) => {
    const [database, evidence] = await Promise.all([
      check(central.database.sql`select 1`),
      check(central.store.check()),
    ]);
    const isReady = database === "ok" && evidence === "ok" && !central.closing.aborted;
    response.status(isReady ? 200 : 503).json({ status: isReady ? "ready" : "not ready", database, evidence });
  };

/** A forwarded request is not local, wherever its last hop stands. */
const isLocal = (request: Request): boolean =>
  request.headers["x-forwarded-for"] === undefined &&
  ["127.0.0.1", "::1", "::ffff:127.0.0.1"].includes(request.socket.remoteAddress ?? "");

const holdsToken = (request: Request, token: string | null): boolean =>
  token !== null && timingSafeEqual(sha256(request.header("authorization") ?? ""), sha256(`Bearer ${token}`));

export const createMetricsHandler =
  (central: Central): RequestHandler =>
  async (request, response) => {
    if (!isLocal(request) && !holdsToken(request, central.config.metricsToken)) {
      throw new AppError("forbidden", "Metrics are for this machine, or for a bearer of METRICS_TOKEN.");
    }
    response.type(central.metrics.contentType).send(await central.metrics.render());
  };
