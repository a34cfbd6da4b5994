/**
 * tRPC for people: context, the access table applied to each procedure, and one shape of failure.
 * Rule: a procedure is made by its name in the table of @chaverim/contracts; what has no entry cannot be made.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Failure, PROCEDURES, type ProcedureName, accessOf } from "@chaverim/contracts";
import { TRPCError, initTRPC } from "@trpc/server";
import { ZodError, type core, prettifyError } from "zod";
import { appendEntry, plateOf, recipientOf, recordsOf } from "./audit/append.ts";
import { appendFailure, appendRefusal, isStream, logStream } from "./audit/looks.ts";
import { subjectOf } from "./audit/subjects.ts";
import { appendLook } from "./auth/budget.ts";
import { assertMay, assertSignedIn } from "./auth/may.ts";
import type { Central } from "./central.ts";
import { AppError, toAppError, toFailure } from "./failure.ts";
import type { Session } from "./sessions/port.ts";

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
  422: "UNPROCESSABLE_CONTENT",
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

/** Notes the ids of what an answer shows, for its entry in the access log. */
type Show = (ids: Iterable<string>) => void;

/** Applies the access table: who may call, what is written down first, and what is written down of the answer. */
const withAccess = (name: ProcedureName) => {
  const { logs } = accessOf(name);
  return t.middleware(async ({ ctx, next, getRawInput }) => {
    const { central } = ctx;
    const session = assertSignedIn(ctx.session);
    const input = logs ? await getRawInput() : undefined;
    const filters = recordsOf(name, input);
    const entry = {
      requestId: ctx.requestId,
      who: session,
      ip: ctx.ip,
      action: name,
      plate: plateOf(filters, name),
      filters,
      recipient: recipientOf(filters),
    };
    await assertMay(central, name, session).catch(async (refusal: unknown) => {
      const told = toAppError(refusal);
      // A door that is nobody's business to try is written down also where going through it would not be.
      if (logs || told.code === "forbidden") await appendRefusal(central, entry, told);
      throw refusal;
    });
    const shown: string[] = [];
    const show: Show = (ids) => void shown.push(...ids);
    if (logs === "act") {
      const { plate, found } = await subjectOf(central, name, input, session.user);
      const act = { ...entry, plate: plate ?? entry.plate, filters: { ...filters, ...found } };
      await appendEntry(central, { ...act, outcome: "ok" });
      const done = await next({ ctx: { session, show } });
      if (!done.ok) await appendFailure(central, act, toToldError(done.error));
      return done;
    }
    const result = await next({ ctx: { session, show } });
    if (!logs) return result;
    if (!result.ok) await appendRefusal(central, entry, toToldError(result.error));
    else if (isStream(result.data))
      return { ...result, data: logStream(central, entry, result.data, shown, ctx.request) };
    else await appendLook(central, { ...entry, outcome: "ok", shown });
    return result;
  });
};

/** Starts a procedure that anybody may call: sign-in, set-up, and what the sign-in screen shows. */
export const publicProcedure = (name: ProcedureName) => {
  if (accessOf(name).needs !== "public") throw new Error(`${name} is not public in the access table`);
  return t.procedure.use(withFailures);
};

/** Starts a procedure of the five minutes between password and code; its handler reads that state from its own cookie. */
export const passwordProcedure = (name: ProcedureName) => {
  if (accessOf(name).needs !== "password") throw new Error(`${name} is not a step of signing in in the access table`);
  return t.procedure.use(withFailures);
};

/** Starts a procedure for signed-in people, with the access that the table gives its name. */
export const procedure = (name: ProcedureName) => t.procedure.use(withFailures).use(withAccess(name));

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
