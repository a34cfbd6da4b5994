/**
 * The live channel: tRPC over WebSocket at /trpc, for signed-in people.
 * Rule: cookie and Origin at the upgrade; a session that ends closes its sockets within five seconds.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { type WebSocket, WebSocketServer } from "ws";
import { readSession } from "../auth/request.ts";
import type { Central } from "../central.ts";
import { warnUnavailable } from "../failure.ts";
import { appRouter } from "../router.ts";
import type { Session } from "../sessions/port.ts";
import { type Context, router } from "../trpc.ts";

/** Below the promised five seconds, with room for a slow query. */
const RECHECK_MS = 4000;
/** Procedure names and small inputs; nothing large goes up this way. */
const MESSAGE_MAX_BYTES = 64 * 1024;
/** A phone that vanished is noticed after one missed answer. */
const PING_MS = 25_000;
const PONG_WAIT_MS = 10_000;
/** Application close code: the session has ended (4000–4999 are free for applications, RFC 6455). */
const SIGNED_OUT = 4401;

/** The client is to come back: with another role or area it may see something else. */
const COME_BACK = 1001;

/** A person's open screens and devices stay well below. */
const SOCKETS_MAX = 20;

/** What is live alone goes this way: a call that is answered once asks over HTTP, where each has the session of its moment. */
const liveRouter = router({
  alerts: router({ live: appRouter.alerts.live }),
  detections: router({ live: appRouter.detections.live }),
});

const refuse = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

/** The address of the person, with as many proxies in front as are trusted; each appends the one that it saw. */
const clientAddress = (request: IncomingMessage, trustedProxies: number): string => {
  const forwarded = (request.headers["x-forwarded-for"]?.toString() ?? "").split(",").map((address) => address.trim());
  return (trustedProxies > 0 && forwarded.at(-trustedProxies)) || (request.socket.remoteAddress ?? "");
};

type Upgrade = IncomingMessage & { session?: Session };

/** Answers upgrades on `server`; dispose tells clients to come back and closes. */
export const openSockets = (central: Central, server: Server): AsyncDisposable => {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX_BYTES });
  const owners = new Map<WebSocket, Session>();
  const handler = applyWSSHandler({
    wss: sockets,
    router: liveRouter,
    keepAlive: { enabled: true, pingMs: PING_MS, pongWaitMs: PONG_WAIT_MS },
    createContext: ({ req }): Context => ({
      central,
      requestId: randomUUID(),
      ip: clientAddress(req, central.config.trustProxy),
      request: req,
      response: null,
      session: (req as Upgrade).session ?? null,
    }),
    onError: ({ error, ctx }) => warnUnavailable(central.log, error, ctx?.requestId),
  });

  const upgrade = async (request: Upgrade, socket: Duplex, head: Buffer): Promise<void> => {
    if (new URL(request.url ?? "/", "http://upgrade.invalid").pathname !== "/trpc")
      return refuse(socket, "404 Not Found");
    if (!central.origins.allowed.has(request.headers.origin ?? "")) return refuse(socket, "403 Forbidden");
    const session = await readSession(central, request, false);
    if (!session) return refuse(socket, "401 Unauthorized");
    const own = [...owners.values()].filter(({ user }) => user.id === session.user.id);
    if (own.length >= SOCKETS_MAX) return refuse(socket, "429 Too Many Requests");
    request.session = session;
    sockets.handleUpgrade(request, socket, head, (opened) => {
      owners.set(opened, session);
      opened.once("close", () => owners.delete(opened));
      sockets.emit("connection", opened, request);
    });
  };
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      central.log.warn({ error }, "a live channel could not be opened");
      refuse(socket, "503 Service Unavailable");
    });
  });

  const recheck = async (): Promise<void> => {
    // By device, because a step-up changes the id of the cookie.
    for (const deviceId of new Set([...owners.values()].map((owner) => owner.deviceId))) {
      const user = await central.sessions.userOfDevice(deviceId);
      for (const [socket, owner] of owners) {
        if (owner.deviceId !== deviceId) continue;
        if (!user) socket.close(SIGNED_OUT, "signed out");
        else if (user.role !== owner.user.role || user.area !== owner.user.area) socket.close(COME_BACK, "changed");
      }
    }
  };
  const timer = setInterval(() => {
    // A database that is away ends no session; the next round decides.
    recheck().catch((error: unknown) => central.log.warn({ error }, "sessions could not be checked"));
  }, RECHECK_MS);

  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      handler.broadcastReconnectNotification();
      for (const socket of sockets.clients) socket.close(COME_BACK, "restarting");
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
};
