/**
 * The line to central: one request, one answer.
 * Rule: an unreachable central is an ordinary outcome, not an exception, and no request waits for ever.
 */
import { readDateHeader, type CentralTime, type Clock } from "./clock.ts";
import { reasonOf } from "./failure.ts";

export type CentralAnswer =
  | { kind: "answered"; status: number; headers: Headers; text: string }
  | { kind: "unreachable"; reason: string; timedOut: boolean };

export type CentralRequest = {
  method: "GET" | "POST";
  /** Below the address of central, e.g. `/api/v1/heartbeat`. */
  path: string;
  body?: { contentType: string; bytes: Uint8Array<ArrayBuffer> };
  timeoutMs: number;
};

/** Sends one request with the collector's key. */
export type Central = (request: CentralRequest) => Promise<CentralAnswer>;

/** Five hundred results have some 300 KB; an answer beyond this is not central's. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

const readText = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error("the answer has more than 4 MB");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

/**
 * @param deadline aborts whatever is under way; set a few seconds after the collector was told to stop
 */
export const createCentral = (
  options: { url: string; apiKey: string; version: string },
  clock: Clock,
  centralTime: CentralTime,
  deadline: AbortSignal,
): Central => {
  const headers = { "X-API-Key": options.apiKey, "User-Agent": `chaverim-collector/${options.version}` };
  return async ({ method, path, body, timeoutMs }) => {
    const timeout = AbortSignal.timeout(Math.round(timeoutMs));
    const sentMs = clock.monotonicMs();
    try {
      const response = await fetch(`${options.url}${path}`, {
        method,
        headers: body ? { ...headers, "Content-Type": body.contentType } : headers,
        ...(body && { body: body.bytes }),
        // A redirect would carry the key to another address, or turn a POST into a GET.
        redirect: "manual",
        signal: AbortSignal.any([timeout, deadline]),
      });
      centralTime.observe(readDateHeader(response.headers.get("date")) ?? Number.NaN, sentMs, clock.monotonicMs());
      return { kind: "answered", status: response.status, headers: response.headers, text: await readText(response) };
    } catch (error) {
      const reason = timeout.aborted ? `no answer within ${Math.round(timeoutMs / 1_000)} s` : reasonOf(error);
      return { kind: "unreachable", reason, timedOut: timeout.aborted };
    }
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
