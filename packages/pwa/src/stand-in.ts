/**
 * Stands in for central in tests: answers the HTTP of tRPC with msw's handlers.
 * Rule: replaces fetch, the edge of the platform, and nothing of ours; a question that nobody answers fails the test.
 */
import { HttpResponse, type RequestHandler, getResponse, http } from "msw";
import { beforeEach, vi } from "vitest";

type Answer = (input: Record<string, unknown>) => Response | Promise<Response>;

/** Central's answer to one call. */
export const says = (data: unknown): Response => HttpResponse.json([{ result: { data } }]);

/** Central's refusal of one call. */
export const refuses = (code: string, status: number, details?: Record<string, unknown>): Response =>
  HttpResponse.json(
    [
      {
        error: {
          message: code,
          code: -32_000,
          data: { failure: { code, message: "A sentence.", requestId: "r1", details } },
        },
      },
    ],
    { status },
  );

/** Asks the handlers for one call. */
const answerOne = async (handlers: RequestHandler[], url: string, init: RequestInit): Promise<Response> => {
  const response = await getResponse(handlers, new Request(url, init));
  if (response === undefined) throw new Error(`Nobody answers ${init.method} ${url}`);
  if (response.type === "error") throw new TypeError("Failed to fetch");
  return response;
};

/** Takes a request of several calls apart, as central does. */
const answerAll = async (handlers: RequestHandler[], url: string, init: RequestInit): Promise<Response> => {
  const names = new URL(url).pathname.replace("/trpc/", "").split(",");
  if (names.length === 1) return answerOne(handlers, url, init);
  const inputs: Record<string, unknown> = JSON.parse(typeof init.body === "string" ? init.body : "{}");
  const bodies = names.map(async (name, place) => {
    const body = JSON.stringify({ 0: inputs[place] });
    return (await (await answerOne(handlers, `http://localhost/trpc/${name}`, { ...init, body })).json())[0] as unknown;
  });
  return HttpResponse.json((await Promise.all(bodies)) as never, { status: 207 });
};

/** @returns a way to say how a procedure answers; the newest answer counts, and each test begins without any */
export const standIn = (): { on: (procedure: string, answer: Answer) => Record<string, unknown>[] } => {
  let handlers: RequestHandler[] = [];
  beforeEach(() => {
    handlers = [];
    vi.stubGlobal("fetch", async (url: string, { method = "GET", headers, body }: RequestInit = {}) => {
      // Without the signal: jsdom's is none that Node's Request knows.
      return answerAll(handlers, url, { method, headers: headers ?? {}, body: body ?? null });
    });
  });
  return {
    on: (procedure, answer) => {
      const asked: Record<string, unknown>[] = [];
      const handler = http.all(`http://localhost/trpc/${procedure}`, async ({ request }) => {
        const text = request.method === "GET" ? new URL(request.url).searchParams.get("input") : await request.text();
        const input: Record<string, unknown> = JSON.parse(text ?? "{}")["0"] ?? {};
        asked.push(input);
        return answer(input);
      });
      handlers = [handler, ...handlers];
      return asked;
    },
  };
};
