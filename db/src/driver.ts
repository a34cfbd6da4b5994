/**
 * The PostgreSQL driver (postgres.js 3.4.9), mended as it is loaded: a server that goes away must neither take the
 * process down, nor give one question the answer to another, nor let half a transaction take effect.
 * Rule: `postgres` and Drizzle are imported from here alone; another release of the driver is refused until somebody has
 * looked whether it still needs this (github.com/porsager/postgres issues 823, 1119, 1154, 1186, 1189, 1208 and 1216).
 */
import { registerHooks } from "node:module";

type Mend = { wrong: string; right: string; times: number };

/** What is wrong in each of the driver's files, and what stands in its place. */
const MENDS: Readonly<Record<string, readonly Mend[]>> = {
  "connection.js": [
    {
      // Whatever is written to a connection that has just died: `socket` is null by then, and the TypeError comes out of a
      // timer, where nobody can catch it. Those who wait are told instead.
      wrong: "const x = socket.write(chunk, fn)",
      right: `if (!socket) {
      clearImmediate(nextWriteTimer)
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options))
      return false
    }
    const x = socket.write(chunk, fn)`,
      times: 1,
    },
    {
      // A timer that is cancelled but still looks set keeps every later write of this connection waiting for ever.
      wrong: "\n    clearImmediate(nextWriteTimer)\n",
      right: "\n    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n",
      times: 2,
    },
    {
      // What was asked between a connection's error and its end stayed in the queue, unsent, and got the rows of whatever the
      // next connection was asked; the next question there got the old connection's error. Nothing of the old one is kept.
      wrong: "!hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))",
      right: `if (query || sent.length)
      error(Errors.connection('CONNECTION_CLOSED', options, socket))
    query = results = errorResponse = null
    result = new Result()
    rows = 0`,
      times: 1,
    },
    {
      // Nor when the connection breaks while it is being opened.
      wrong: "if (initial)\n      return reconnect()",
      right: `if (initial) {
      query = results = errorResponse = null
      result = new Result()
      rows = 0
      return reconnect()
    }`,
      times: 1,
    },
    {
      // The rows of an answer that ended in an error were counted on: the next answer began with as many holes.
      wrong: "result = new Result()\n    connectTimer.cancel()",
      right: "result = new Result()\n    rows = 0\n    connectTimer.cancel()",
      times: 1,
    },
    {
      // A question that cannot be written (an undefined value) stayed in the queue unsent, and took the answer of the next one.
      wrong: "sent.length === 0 && write(Sync)\n      errored(error)",
      right: `if (query !== q) {
        sent.remove(q)
        queryError(q, error)
        return true
      }
      sent.length === 0 && write(Sync)
      errored(error)`,
      times: 1,
    },
    {
      // BEGIN as the last that fits into the pipeline, or behind a full socket, was sent without keeping the connection for its
      // transaction: everybody's statements then went into a transaction that nobody ends.
      wrong: `return write(toBuffer(q))
        && !q.describeFirst
        && !q.cursorFn
        && sent.length < max_pipeline
        && (!q.options.onexecute || q.options.onexecute(connection))`,
      right: `const isOpen = write(toBuffer(q))
      if (q.options.onexecute)
        return q.options.onexecute(connection)
      return isOpen
        && !q.describeFirst
        && !q.cursorFn
        && sent.length < max_pipeline`,
      times: 1,
    },
    {
      // A socket that has room again offered its connection to everybody, also in the middle of a transaction.
      wrong: "!query && onopen(connection)",
      right: "!query && !initial && !connection.reserved && onopen(connection)",
      times: 1,
    },
    {
      // The driver's own first query: when it fails, `closed` tries again; its rejection has no other listener.
      wrong: "return fetchArrayTypes()",
      right: "return fetchArrayTypes().catch(() => undefined)",
      times: 1,
    },
  ],
  // A transaction whose connection has died went on upon whatever took that connection's place: its statements took effect one
  // by one, its rollback or commit ended another's transaction, and one sent during the start of the new connection shifted
  // every answer by one, so that a question got another's rows. Whatever such a transaction still asks is refused.
  "index.js": [
    { wrong: "let savepoints = 0\n", right: "let savepoints = 0\n      , gone = null\n", times: 1 },
    {
      wrong: "new Promise((_, reject) => connection.onclose = reject)",
      right: `new Promise((_, reject) => connection.onclose = e => {
          gone = e
          while (queries.length)
            queries.shift().reject(e)
          reject(e)
        })`,
      times: 1,
    },
    {
      wrong: "q.catch(e => uncaughtError || (uncaughtError = e))\n",
      right: "q.catch(e => uncaughtError || (uncaughtError = e))\n        if (gone)\n          return q.reject(gone)\n",
      times: 1,
    },
  ],
};

const mend = (source: string, mends: readonly Mend[]): string =>
  mends.reduce((text, { wrong, right, times }) => {
    if (text.split(wrong).length - 1 !== times) {
      throw new Error("db/src/driver.ts mends postgres 3.4.9, and another release is installed: look at both.");
    }
    return text.replaceAll(wrong, () => right);
  }, source);

const unmended = new Set(Object.keys(MENDS));
const hooks = registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const file = /\/postgres\/src\/([a-z]+\.js)$/.exec(url)?.[1] ?? "";
    const mends = MENDS[file];
    if (!mends) return loaded;
    unmended.delete(file);
    return { ...loaded, source: mend(new TextDecoder().decode(loaded.source as Uint8Array), mends) };
  },
});
// After the hook: static imports would have been loaded before it.
export const { default: postgres } = await import("postgres");
export const { drizzle } = await import("drizzle-orm/postgres-js");
hooks.deregister();
if (unmended.size > 0)
  throw new Error("postgres was imported before db/src/driver.ts could mend it: import it from there.");
