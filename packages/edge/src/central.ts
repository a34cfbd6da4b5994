/**
 * The line to central: one request, one answer.
 * Rule: an unreachable central is an ordinary outcome, not an exception, and no request waits for ever.
 */
import { once } from "node:events";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readDateHeader, type CentralTime, type Clock } from "./clock.ts";
import { reasonOf } from "./failure.ts";

export type CentralAnswer =
  | { kind: "answered"; status: number; retryAfter: string | null; text: string }
  | { kind: "unreachable"; reason: string; timedOut: boolean };

/** A body in pieces: they are written one after the other and never copied into one. */
export type RequestBody = { contentType: string; chunks: readonly Buffer[] };

export type CentralRequest = {
  method: "GET" | "POST";
  /** Below the address of central, e.g. `/api/v1/heartbeat`. */
  path: string;
  body?: RequestBody;
  /** More headers, by name. */
  headers?: Readonly<Record<string, string>>;
  timeoutMs: number;
};

/** The keys that central may know this collector by. */
export type ApiKeys = {
  /** The key to show now. */
  current: () => string;
  /** Those to try, the present one first, when central does not know this one. */
  othersThan: (key: string) => string[];
  /** Notes which key central took; from then on it is shown first. */
  noteTaken: (key: string) => void;
};

/** Sends one request with the collector's key; where central does not know that one, with the others it may know. */
export type Central = (request: CentralRequest) => Promise<CentralAnswer>;

/** Five hundred results have some 300 KB; an answer beyond this is not central's. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

const readText = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error("the answer has more than 4 MB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/**
 * node:http and not fetch: fetch copies a body of 5 MB before it sends it, and a small board has no memory to spare.
 * @param deadline aborts whatever is under way; set a few seconds after the collector was told to stop
 */
export const createCentral = (
  options: { url: string; keys: ApiKeys; version: string },
  clock: Clock,
  centralTime: CentralTime,
  deadline: AbortSignal,
): Central => {
  const isTls = options.url.startsWith("https:");
  const request = isTls ? httpsRequest : httpRequest;
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const userAgent = `chaverim-collector/${options.version}`;

  const ask = async (
    { method, path, body, headers, timeoutMs }: CentralRequest,
    apiKey: string,
  ): Promise<CentralAnswer> => {
    const timeout = AbortSignal.timeout(Math.round(timeoutMs));
    const sentMs = clock.monotonicMs();
    try {
      const bytes = body?.chunks.reduce((sum, chunk) => sum + chunk.length, 0) ?? 0;
      const bodyHeaders = body && { "Content-Type": body.contentType, "Content-Length": bytes };
      const outgoing = request(`${options.url}${path}`, {
        method,
        agent,
        headers: { ...headers, "X-API-Key": apiKey, "User-Agent": userAgent, ...bodyHeaders },
        signal: AbortSignal.any([timeout, deadline]),
      });
      // The answer may come before the whole body is sent (413), and then the rest of the body fails: that is no failure.
      const sending = pipeline(Readable.from(body?.chunks ?? []), outgoing).catch(reasonOf);
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      const { statusCode: status = 0, headers: answered } = response;
      centralTime.observe(readDateHeader(answered.date ?? null) ?? Number.NaN, sentMs, clock.monotonicMs());
      const text = await readText(response);
      await sending;
      return { kind: "answered", status, retryAfter: answered["retry-after"] ?? null, text };
    } catch (error) {
      const reason = timeout.aborted ? `no answer within ${Math.round(timeoutMs / 1_000)} s` : reasonOf(error);
      return { kind: "unreachable", reason, timedOut: timeout.aborted };
    }
  };

  return async (request) => {
    const { keys } = options;
    const key = keys.current();
    const answer = await ask(request, key);
    if (answer.kind !== "answered" || answer.status !== 401) return answer;
    for (const other of keys.othersThan(key)) {
      const second = await ask(request, other);
      if (second.kind !== "answered" || second.status === 401) continue;
      keys.noteTaken(other);
      return second;
    }
    return answer;
  };
};

/** Parses a body as JSON; undefined when it is none (a proxy's page, a captive portal). */
export const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
