/**
 * Looks at what this device keeps while central is away: written down here, told to central when it is back.
 * Rule: a look goes only when central has acknowledged it, and only its own person's session may tell of it.
 */
import { OFFLINE_LOOKS_MAX, type OfflineLook } from "@chaverim/contracts";
import { currentMs } from "../clock.ts";
import { BACKGROUND, type Central } from "../trpc.ts";
import type { LocalDb } from "./db.ts";

/** Looks kept at most: far more than a shift without a line; beyond it the oldest go. */
const LOOKS_KEPT = 500;
/** What central takes of a plate. */
const PLATE_MAX = 64;

/** Writes down a look. */
export const keepLook = async (
  db: LocalDb,
  userId: string,
  action: OfflineLook["action"],
  plate: string,
): Promise<void> => {
  const transaction = db.transaction("looks", "readwrite");
  const deviceAt = new Date(currentMs()).toISOString();
  await transaction.store.put({
    id: crypto.randomUUID(),
    userId,
    action,
    plate: plate.slice(0, PLATE_MAX),
    deviceAt,
  });
  let surplus = (await transaction.store.count()) - LOOKS_KEPT;
  for (let oldest = await transaction.store.index("oldest").openCursor(); oldest !== null && surplus > 0; surplus--) {
    await oldest.delete();
    oldest = await oldest.continue();
  }
  await transaction.done;
};

/** Looks that wait, oldest first. */
export const readLooks = async (db: LocalDb, userId: string): Promise<OfflineLook[]> =>
  (await db.getAllFromIndex("looks", "oldest"))
    .filter((look) => look.userId === userId)
    .map(({ userId: _whose, ...look }) => look);

/** Tells central of every look of the person who is signed in. */
export const sendLooks = async (db: LocalDb, central: Central, userId: string): Promise<void> => {
  const waiting = await readLooks(db, userId);
  for (let sent = 0; sent < waiting.length; sent += OFFLINE_LOOKS_MAX) {
    const looks = waiting.slice(sent, sent + OFFLINE_LOOKS_MAX);
    await central.accessLog.addOffline.mutate({ looks }, BACKGROUND);
    const transaction = db.transaction("looks", "readwrite");
    await Promise.all(looks.map(({ id }) => transaction.store.delete(id)));
    await transaction.done;
  }
};
