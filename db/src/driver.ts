/**
 * The PostgreSQL driver (postgres.js 3.4.9), with what takes the whole process down when a server goes away mended as it is
 * loaded. Rule: `postgres` and Drizzle are imported from here alone; another release of the driver is refused until somebody
 * has looked whether it still needs this (github.com/porsager/postgres issues 1154 and 1208).
 */
import { registerHooks } from "node:module";

/** What is wrong in postgres/src/connection.js, and what stands in its place. */
const MENDS: readonly { wrong: string; right: string; times: number }[] = [
  {
    // A transaction whose connection has died still sends its rollback: `socket` is null by then, and the TypeError comes out
    // of a timer, where nobody can catch it. Those who wait are told instead.
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
    // The driver's own first query: when it fails, `closed` tries again; its rejection has no other listener.
    wrong: "return fetchArrayTypes()",
    right: "return fetchArrayTypes().catch(() => undefined)",
    times: 1,
  },
];

const mend = (source: string): string =>
  MENDS.reduce((text, { wrong, right, times }) => {
    if (text.split(wrong).length - 1 !== times) {
      throw new Error("db/src/driver.ts mends postgres 3.4.9, and another release is installed: look at both.");
    }
    return text.replaceAll(wrong, () => right);
  }, source);

let isMended = false;
const hooks = registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.endsWith("/postgres/src/connection.js")) return loaded;
    isMended = true;
    return { ...loaded, source: mend(new TextDecoder().decode(loaded.source as Uint8Array)) };
  },
});
// After the hook: static imports would have been loaded before it.
export const { default: postgres } = await import("postgres");
export const { drizzle } = await import("drizzle-orm/postgres-js");
hooks.deregister();
if (!isMended) throw new Error("postgres was imported before db/src/driver.ts could mend it: import it from there.");
