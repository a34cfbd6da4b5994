/**
 * tRPC for people: context, the access table applied to each procedure, and one shape of failure.
 * Rule: a procedure is made by its name in the table of @chaverim/contracts; what has no entry cannot be made.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Access, type Failure, PROCEDURES, type ProcedureName, can } from "@chaverim/contracts";
import { TRPCError, initTRPC } from "@trpc/server";
import { ZodError, type core, prettifyError } from "zod";
import type { LimitName } from "./auth/limits.ts";
import type { Session } from "./auth/sessions.ts";
import type { Central } from "./central.ts";
import { AppError, toAppError, toFailure } from "./failure.ts";

export type Context = {
  central: Central;
  requestId: string;
  ip: string;
  request: IncomingMessage;
  /** Null over WebSocket, where no cookie can be set. */
  response: ServerResponse | null;
  session: Session | null;
};

const t = initTRPC.context<Context>().create({
  // What is live comes over WebSocket alone, where a session that ends closes its channel.
  sse: { enabled: false },
  errorFormatter: ({ shape, error, ctx }) => {
    const failure: Failure = toFailure(toToldError(error), ctx?.requestId ?? "-").body;
    return { ...shape, message: failure.message, data: { ...shape.data, stack: undefined, failure } };
  },
});

export const router = t.router;

const TRPC_CODES: Record<number, TRPCError["code"]> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
};

/** What a caller is told about an error that tRPC caught. */
const toToldError = (error: TRPCError): AppError => {
  const cause = error.cause;
  if (cause instanceof ZodError || (cause && "issues" in cause)) {
    return new AppError("invalid", prettifyError(cause as core.$ZodError).replaceAll(/^✖ /gm, ""));
  }
  if (error.code === "NOT_FOUND" && !(cause instanceof AppError))
    return new AppError("not_found", "There is no such procedure.");
  if (error.code === "BAD_REQUEST" || error.code === "PARSE_ERROR" || error.code === "METHOD_NOT_SUPPORTED") {
    if (!(cause instanceof AppError))
      return new AppError("invalid", "The request is not in the form that this procedure takes.");
  }
  return toAppError(cause ?? error);
};

const withFailures = t.middleware(async ({ next, ctx, path }) => {
  const result = await next();
  if (result.ok || result.error.code === "BAD_REQUEST") return result;
  const told = toToldError(result.error);
  if (told.code === "internal") {
    ctx.central.log.error(
      { request_id: ctx.requestId, procedure: path, user_id: ctx.session?.user.id, error: result.error },
      "procedure failed",
    );
  }
  const code = TRPC_CODES[toFailure(told, ctx.requestId).status] ?? "INTERNAL_SERVER_ERROR";
  throw new TRPCError({ code, message: told.message, cause: told });
});

/**
 * The limit that a procedure's calls count against. Public ones limit themselves; alerts and the session itself are never
 * limited, because a phone that reloads in bad coverage must still ring.
 */
const limitOf = (name: ProcedureName, access: Access): LimitName | null => {
  if (access === "public" || access === "signed_in" || access === "see_alerts" || access === "answer_alerts")
    return null;
  if (name === "detections.search") return "search";
  if (name === "detections.live") return null;
  return access === "write_watchlists" ? "watchlist" : "browse";
};

const signedOut = () => new AppError("signed_out", "You are signed out. Sign in again to go on.");

const withAccess = (name: ProcedureName) => {
  const access: Access = PROCEDURES[name];
  const limit = limitOf(name, access);
  return t.middleware(async ({ ctx, next }) => {
    if (access === "public") return next();
    const { session } = ctx;
    if (!session) throw signedOut();
    if (access !== "signed_in" && !can(session.user.role, access)) {
      throw new AppError("forbidden", "Your role does not include this. An administrator can change it.");
    }
    if (limit) await ctx.central.limits.consume(limit, session.user.id);
    return next();
  });
};

/** Starts a procedure that anybody may call: sign-in, set-up, and what the sign-in screen shows. */
export const publicProcedure = (name: ProcedureName) => {
  if (PROCEDURES[name] !== "public") throw new Error(`${name} is not public in the access table`);
  return t.procedure.use(withFailures);
};

/** Starts a procedure for signed-in people, with the access that the table gives its name. */
export const procedure = (name: ProcedureName) =>
  t.procedure
    .use(withFailures)
    .use(withAccess(name))
    .use(({ ctx, next }) => {
      if (!ctx.session) throw signedOut();
      return next({ ctx: { session: ctx.session } });
    });

/**
 * Compares the procedures that exist with the access table.
 * @throws when a procedure has no entry or an entry has no procedure
 */
export const assertAccessTable = (procedures: Record<string, unknown>): void => {
  const made = new Set(Object.keys(procedures));
  const listed = new Set(Object.keys(PROCEDURES));
  const wrong = [...made.symmetricDifference(listed)];
  if (wrong.length > 0) throw new Error(`procedures and access table differ: ${wrong.join(", ")}`);
};
