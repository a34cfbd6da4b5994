/**
 * The one door to central: tRPC over HTTP for questions and acts, over WebSocket for what is live.
 * Rule: whatever fails leaves here as a `Trouble` that a screen can put into words; what only lacks a code or a purpose asks
 * for it and goes on.
 */
import type { AppRouter } from "@chaverim/api/router";
import { FAILURES, type Failure, type FailureCode } from "@chaverim/contracts";
import {
  TRPCClientError,
  type TRPCClient,
  type TRPCLink,
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  splitLink,
  wsLink,
} from "@trpc/client";
import { type Question, ask } from "./asking.ts";
import { type WordKey, en } from "./i18n/en.ts";
import { t } from "./i18n/words.ts";

/** The server's limit of calls in one request. */
const BATCH_MAX = 10;
/** A question that takes longer has no use at the roadside; searches are budgeted at 0.5 s. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A dead line shows within 10 s: ping every 8 s, 2 s for the answer. */
const KEEP_ALIVE = { enabled: true, intervalMs: 8000, pongTimeoutMs: 2000 };
/** Reconnecting: 0.5 s doubling to 15 s, with jitter so that a restarted server is not met by all phones at once. */
const retryDelayMs = (attempt: number): number => Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);

const socket = createWSClient({
  url: () => `${location.origin.replace(/^http/, "ws")}/trpc`,
  lazy: { enabled: true, closeMs: 0 },
  keepAlive: KEEP_ALIVE,
  retryDelayMs,
});

/** Gives up after the time-out, whatever else may end the call. */
const inTime = (signal: AbortSignal | null | undefined): AbortSignal => {
  const limit = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, limit]) : limit;
};

/** The failures that a person can mend on the spot, and what they are asked for. */
const QUESTIONS: Partial<Record<Trouble["code"], Question>> = { step_up_needed: "code", purpose_needed: "purpose" };

/** For calls that nobody pressed a button for: they keep no idle session alive, and ask nobody for anything. */
export const BACKGROUND = { context: { background: true } } as const;
const isBackground = ({ context }: { context: Record<string, unknown> }): boolean => context["background"] === true;

/** Repeats a call after the person has given what it lacked; each thing is asked for once. */
const askAndRepeat: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    const attempt = () => next(op);
    return {
      ...attempt(),
      subscribe: (observer) => {
        const answered = new Set<Question>();
        let ended = false;
        let running: { unsubscribe: () => void };
        const goOnAfter = async (question: Question, goOn: () => void, giveUp: () => void): Promise<void> => {
          const given = await ask(question);
          if (!ended) (given ? goOn : giveUp)();
        };
        const run = (): void => {
          running = attempt().subscribe({
            ...observer,
            error: (error) => {
              const question = isBackground(op) ? undefined : QUESTIONS[troubleOf(error).code];
              if (question === undefined || answered.has(question)) return observer.error?.(error);
              answered.add(question);
              void goOnAfter(question, run, () => observer.error?.(error));
            },
          });
        };
        run();
        return {
          unsubscribe: () => {
            ended = true;
            running.unsubscribe();
          },
        };
      },
    };
  };

/** What may take central long, or be stopped. */
const ALONE: ReadonlySet<string> = new Set([
  "detections.search",
  "detections.find",
  "detections.timeline",
  "plates.read",
  "plates.route",
  "plates.seenWith",
]);

/**
 * A door of its own for the background: its calls never travel in one request with a person's.
 * @param maxItems calls in one request; it is answered when the slowest is, and ends early only when all of them do
 */
const overHttp = (headers: Record<string, string>, maxItems = BATCH_MAX): TRPCLink<AppRouter> =>
  httpBatchLink({
    url: `${location.origin}/trpc`,
    maxItems,
    headers,
    // Questions go as POST too: a plate in an address ends up in the log of every proxy on the way.
    methodOverride: "POST",
    fetch: (input, init) =>
      fetch(input, { ...(init as RequestInit), signal: inTime(init?.signal), credentials: "same-origin" }),
  });

export type Central = TRPCClient<AppRouter>;

export const trpc: Central = createTRPCClient<AppRouter>({
  links: [
    askAndRepeat,
    splitLink({
      condition: ({ type }) => type === "subscription",
      true: wsLink({ client: socket }),
      false: splitLink({
        condition: isBackground,
        true: overHttp({ "x-background": "1" }),
        false: splitLink({ condition: ({ path }) => ALONE.has(path), true: overHttp({}, 1), false: overHttp({}) }),
      }),
    }),
  ],
});

export type Trouble = {
  code: FailureCode | "offline" | "timeout";
  /** Central's own sentence; empty when central was not reached. */
  message: string;
  requestId: string;
  /** Seconds to wait, when central said so. */
  retryAfterSeconds: number | null;
};

const isTimeout = (error: unknown): boolean =>
  error instanceof DOMException
    ? error.name === "TimeoutError"
    : error instanceof Error && error.cause !== undefined && isTimeout(error.cause);

/** Central's failure body; checked by hand, since a schema library would double what the phone loads first. */
const failureOf = (error: unknown): Failure | null => {
  if (!(error instanceof TRPCClientError)) return null;
  const data: unknown = error.data;
  const failure = (data as { failure?: Partial<Failure> } | undefined)?.failure;
  if (typeof failure?.code !== "string" || !Object.hasOwn(FAILURES, failure.code)) return null;
  return { message: "", requestId: "", ...failure, code: failure.code };
};

/** What went wrong with a call, whoever noticed it. */
export const troubleOf = (error: unknown): Trouble => {
  const failure = failureOf(error);
  if (failure !== null) {
    const { code, message, requestId, details } = failure;
    const wait = details?.["retryAfterSeconds"];
    return { code, message, requestId, retryAfterSeconds: typeof wait === "number" ? Math.ceil(wait) : null };
  }
  return { code: isTimeout(error) ? "timeout" : "offline", message: "", requestId: "", retryAfterSeconds: null };
};

const hasWords = (key: string): key is WordKey => key in en;

/** The sentence for a trouble in the person's language; central's own sentence where there is none. */
export const troubleText = (trouble: Trouble): string => {
  if (trouble.code === "timeout") return t("failure.timeout", { seconds: ANSWER_TIMEOUT_MS / 1000 });
  const key = `failure.${trouble.code}`;
  if (hasWords(key)) return t(key);
  return trouble.code === "internal" || trouble.message === ""
    ? t("failure.unknown", { request: trouble.requestId })
    : trouble.message;
};
