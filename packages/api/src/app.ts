/**
 * The HTTP application: who is asking, the routes of the access table, the screens' files, one shape of failure.
 * Rule: each route is listed in the access table of @chaverim/contracts; paths are logged without their query.
 */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { MapSource, ROUTES } from "@chaverim/contracts";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import helmet from "helmet";
import { createPages } from "./audit/pages.ts";
import { readSession } from "./auth/request.ts";
import type { Central } from "./central.ts";
import { createAckHandler, createHeartbeatHandler } from "./collectors/routes.ts";
import { createEvidenceHandler } from "./evidence/route.ts";
import { AppError, toAppError, toFailure, warnUnavailable } from "./failure.ts";
import { createPaceKeeper } from "./ingest/pace.ts";
import { createIngestHandler } from "./ingest/route.ts";
import { foreignOrigin } from "./map/origin.ts";
import { createMetricsHandler, createReadyHandler, healthz } from "./ops/health.ts";
import { openApiDocument } from "./ops/openapi.ts";
import { appRouter } from "./router.ts";

const SCREENS = fileURLToPath(new URL("../../pwa/dist/", import.meta.url));
/** A heartbeat of 64 cameras is about 20 KB; people's calls are smaller. */
const JSON_LIMIT = "256kb";
/** Calls in one tRPC request (access.md). */
const BATCH_MAX = 10;

const identify: RequestHandler = (_request, response, next) => {
  response.locals["requestId"] = randomUUID();
  response.setHeader("X-Request-Id", response.locals["requestId"] as string);
  next();
};

/** What people read is kept by no browser and no proxy. */
const keepNothing: RequestHandler = (_request, response, next) => {
  response.setHeader("Cache-Control", "no-store");
  next();
};

/** What is not a screen: interfaces, public pages, health and built files. */
const SERVED = /^\/(api|trpc|assets|transparency|policy|healthz|readyz|metrics)(\/|$)/;

const logRequests =
  (central: Central): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now();
    // Screens have plates in their addresses; a screen's address is not written down.
    const path = SERVED.test(request.path) ? request.path : "(screen)";
    response.once("close", () => {
      const fields = {
        src_ip: request.ip,
        method: request.method,
        path,
        status_code: response.statusCode,
        duration_ms: Math.round(performance.now() - startedAt),
        request_id: response.locals["requestId"] as string,
        user_id: response.locals["userId"] as string | undefined,
        collector_id: response.locals["collectorId"] as string | undefined,
      };
      central.log[response.statusCode >= 500 ? "warn" : "info"](fields, "request");
    });
    next();
  };

/**
 * Refuses what another page asks for with our cookies, before anybody is asked who it is: no answer could be read there, but
 * a look would be written down in the person's name. An address that somebody typed (`none`) and programs pass.
 * @throws AppError cross_site
 */
const refuseForeignPage: RequestHandler = (request, _response, next) => {
  const site = request.header("sec-fetch-site");
  if (site === "cross-site" || site === "same-site")
    throw new AppError("cross_site", "This request did not come from this application's own pages.");
  next();
};

/**
 * Refuses what another site's page could send with our cookies.
 * @throws AppError cross_site | media_type
 */
const refuseCrossSite = (central: Pick<Central, "origins">, request: Request): void => {
  const site = request.header("sec-fetch-site");
  const origin = request.header("origin");
  const isSame =
    site === undefined ? origin !== undefined && central.origins.allowed.has(origin) : site === "same-origin";
  if (!isSame) throw new AppError("cross_site", "This request did not come from this application's own pages.");
  if (!request.is("application/json")) throw new AppError("media_type", "Send JSON.");
};

/** Once a request, however many calls it holds. */
const warnOnce = (central: Central, error: unknown, { locals }: Response): void => {
  locals["warned"] ||= warnUnavailable(central.log, error, locals["requestId"] as string);
};

const handleFailures =
  (central: Central): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    const told = toClientError(error) ?? toAppError(error);
    const { status, body } = toFailure(told, response.locals["requestId"] as string);
    if (told.code === "internal")
      central.log.error({ request_id: body.requestId, path: request.path, error }, "request failed");
    warnOnce(central, told, response);
    // Half an image has gone out already: the connection is cut, so that nobody takes it for a whole one.
    if (response.headersSent) return next(error);
    if (told.retryAfterSeconds !== undefined) response.setHeader("Retry-After", told.retryAfterSeconds);
    response.status(status).json(body);
  };

/** express.json, the router and the files mark what the client did wrong with a 4xx status; null for everything else. */
const toClientError = (cause: unknown): AppError | null => {
  const { status } = cause as { status?: unknown };
  if (typeof status !== "number" || status < 400 || status >= 500) return null;
  if (status === 404) return notFound();
  if (status === 413) return new AppError("too_large", `The body is larger than ${JSON_LIMIT}.`, { cause });
  return new AppError("invalid", "The body is not the JSON that was announced.", { cause });
};

const notFound = () => new AppError("not_found", "There is nothing at this address.");

const mountScreens = (app: Express): void => {
  // The hash is in the name: these never change.
  app.use("/assets", express.static(`${SCREENS}assets`, { immutable: true, maxAge: "1y", fallthrough: false }));
  app.use(
    express.static(SCREENS, {
      maxAge: 0,
      index: "index.html",
      setHeaders: (response) => void response.setHeader("Cache-Control", "no-cache"),
    }),
  );
  app.get("/{*path}", (request, response, next) => {
    if (request.path.startsWith("/api/") || !request.accepts("html")) return next();
    response.setHeader("Cache-Control", "no-cache");
    response.sendFile("index.html", { root: SCREENS }, (error) => {
      if (error) next(new AppError("not_found", "The screens are not built. Run npm run build and start again."));
    });
  });
};

/** Browsers fetch the map's ground from one foreign place at most: the one that is configured, and in one way alone. */
const securityHeaders = ({ allowed, secure }: Central["origins"], map: MapSource): RequestHandler =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", "data:", "blob:", ...foreignOrigin(map, "xyz")],
        // The live channel by name: not every browser counts WebSocket as 'self'. (CSP has no form for an IPv6 address.)
        connectSrc: [
          "'self'",
          ...[...allowed].filter((origin) => !origin.includes("[")).map((origin) => origin.replace(/^http/, "ws")),
          ...foreignOrigin(map, "pmtiles"),
        ],
        // Charts and virtual lists set sizes in style attributes; scripts have no such exception.
        styleSrc: ["'self'", "'unsafe-inline'"],
        scriptSrc: ["'self'"],
        workerSrc: ["'self'"],
        manifestSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        // Text becomes markup or a script address through these two policies alone (vite.config.ts, main.tsx).
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["templates", "worker"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 63_072_000 } : false,
    referrerPolicy: { policy: "no-referrer" },
    crossOriginEmbedderPolicy: false,
  });

type Handlers = Record<keyof typeof ROUTES, RequestHandler | readonly RequestHandler[]>;

const createHandlers = (central: Central): Handlers => {
  const pace = createPaceKeeper();
  const pages = createPages(central);
  return {
    "POST /api/v1/detections/batch": createIngestHandler(central, pace),
    // As text: what a device signed is compared byte for byte.
    "POST /api/v1/heartbeat": [
      express.text({ type: "application/json", limit: JSON_LIMIT }),
      createHeartbeatHandler(central, pace),
    ],
    "POST /api/v1/commands/:commandId/ack": [
      express.json({ limit: JSON_LIMIT }),
      createAckHandler(central) as RequestHandler,
    ],
    "GET /api/v1/ping": (_request, response) => void response.status(204).end(),
    "GET /api/v1/keys": (_request, response) =>
      void response.json({ keys: [{ keyId: central.keys.keyId, publicKey: central.keys.publicKey }] }),
    "GET /api/v1/openapi.json": (_request, response) => void response.json(openApiDocument),
    "GET /api/evidence/:detectionId/crop": createEvidenceHandler(central, "crop") as RequestHandler,
    "GET /api/evidence/:detectionId/full": createEvidenceHandler(central, "full") as RequestHandler,
    "GET /transparency": pages.transparency,
    "GET /policy": pages.policy,
    "GET /healthz": healthz,
    "GET /readyz": createReadyHandler(central),
    "GET /metrics": createMetricsHandler(central),
  };
};

const mountTrpc = (app: Express, central: Central): void => {
  app.use("/trpc", (request, _response, next) => {
    // Also what only reads: a link on another site would be a look in the name of whoever follows it.
    if (request.method !== "POST") throw new AppError("invalid", "Procedures are called by POST.");
    refuseCrossSite(central, request);
    // One whole answer, whatever is asked for: one that streams has sent its headers before a procedure sets a cookie.
    request.headers["trpc-accept"] = "application/json";
    next();
  });
  app.use("/trpc", express.json({ limit: JSON_LIMIT }));
  app.use(
    "/trpc",
    createExpressMiddleware({
      router: appRouter,
      // Queries travel as POST: a plate in a URL ends up in the log of every proxy on the way.
      allowMethodOverride: true,
      maxBatchSize: BATCH_MAX,
      onError: ({ error, req }) => req.res && warnOnce(central, error, req.res),
      createContext: async ({ req, res }) => {
        const session = await readSession(central, req, true);
        if (session) res.locals["userId"] = session.user.id;
        return {
          central,
          requestId: res.locals["requestId"] as string,
          ip: req.ip ?? "",
          request: req,
          response: res,
          session,
        };
      },
    }),
  );
};

/** Builds the application; the caller listens with it. */
export const createApp = (central: Central): Express => {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", central.config.trustProxy);
  app.use(identify, logRequests(central), securityHeaders(central.origins, central.config.map));
  app.use(["/trpc", "/api", "/metrics"], keepNothing);
  app.use("/api/evidence", refuseForeignPage);
  for (const [route, handlers] of Object.entries(createHandlers(central))) {
    const [method, path] = route.split(" ") as ["GET" | "POST", string];
    app[method === "GET" ? "get" : "post"](path, handlers as RequestHandler);
  }
  mountTrpc(app, central);
  mountScreens(app);
  app.use((_request, _response, next) => next(notFound()));
  app.use(handleFailures(central));
  return app;
};
