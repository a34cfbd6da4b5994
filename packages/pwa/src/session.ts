/**
 * Who is signed in on this device, the data that belongs to them, and the lock before it.
 * Rule: nobody signed in means nothing kept; both change together.
 */
import { type Capability, type OfflineLook, type User, can } from "@chaverim/contracts";
import { createSignal } from "solid-js";
import { type LocalDb, type Reader, createReader, openLocalDb, readFact } from "./local/db.ts";
import { isLockDue, noteUse, readLock, setPin, tryPin } from "./local/lock.ts";
import { keepLook, sendLooks } from "./local/looks.ts";
import { type Ending, type Sync, startSync, storeFacts, wipe } from "./local/sync.ts";
import { keepSettings } from "./settings.ts";
import { BACKGROUND, trpc, troubleOf } from "./trpc.ts";

/** undefined: not known yet; null: nobody. */
const [signedInUser, setSignedInUser] = createSignal<User | null | undefined>(undefined);
/** Why the last session of this page is over, when the person did not end it; `pin` is the fifth wrong PIN. */
const [ending, setEnding] = createSignal<Ending | "pin" | null>(null);
/** The installed application's lock; a browser has none and is always open. */
const [lock, setLock] = createSignal<"unset" | "locked" | "open">("open");
export { ending, lock };

let db: LocalDb;
let sync: Sync | undefined;
let reader: Reader;
/** When this device was last used, by its own clock. */
let usedAtMs = Date.now();

/** Who is signed in, as central last told it: a role may change while they are. */
export const user = (): User | null | undefined => {
  const current = signedInUser();
  const told = current ? reader.facts().user : undefined;
  return told?.id === current?.id ? (told ?? current) : current;
};

export const mayI = (capability: Capability): boolean => {
  const current = user();
  return current !== null && current !== undefined && can(current.role, capability);
};

/** The device's data, for screens. */
export const local = (): Reader => reader;
/** The running exchange with central; throws when nobody is signed in. */
export const following = (): Sync => {
  if (sync === undefined) throw new Error("Nobody is signed in.");
  return sync;
};

/** An installed app stays signed in for two weeks; a tab in a browser that others use does not. */
export const isInstalled = (): boolean => matchMedia("(display-mode: standalone)").matches;

/** Set while central could not be told of a sign-out: its cookie must not sign this device in again. */
const SIGN_OUT_OWED = "chaverim.signOutOwed";
/** Tells the page that follows why it asks for the password. */
const ENDED_BY_PIN = "chaverim.endedByPin";

/** The last chance of what central has not heard of: its answer to a sign-out clears this site's storage. */
const tellLooks = (whose: User): Promise<void> =>
  sendLooks(db, trpc, whose.id).catch((error: unknown) => console.warn("Looks were not told of", error));

const payOwedSignOut = async (): Promise<void> => {
  if (localStorage.getItem(SIGN_OUT_OWED) === null) return;
  await tellLooks((await trpc.auth.me.query(undefined, BACKGROUND)).user);
  await trpc.auth.logout.mutate();
  localStorage.removeItem(SIGN_OUT_OWED);
};

const follow = async (next: User): Promise<void> => {
  sync?.stop();
  sync = startSync(db, trpc, (why) => {
    sync = undefined;
    setEnding(why);
    setSignedInUser(null);
    setLock("open");
  });
  setLock(isInstalled() ? await readLock(db, Date.now()) : "open");
  usedAtMs = Date.now();
  setSignedInUser(next);
};

/** Opens the device's data and finds out who is signed in: from this device first, else from central. */
export const openSession = async (): Promise<void> => {
  db = await openLocalDb();
  reader = createReader(db);
  if (sessionStorage.getItem(ENDED_BY_PIN) !== null) setEnding("pin");
  sessionStorage.removeItem(ENDED_BY_PIN);
  const known = await readFact(db, "user");
  if (known !== undefined) return follow(known);
  try {
    await payOwedSignOut();
    const me = await trpc.auth.me.query();
    await storeFacts(db, me);
    await follow(me.user);
  } catch (error) {
    // Signed out or not reached: either way there is nothing to show, and signing in says which.
    if (troubleOf(error).code !== "signed_out") console.warn("Central was not reached", error);
    setSignedInUser(null);
  }
};

/** Begins after a successful sign-in. */
export const signedIn = async (next: User): Promise<void> => {
  localStorage.removeItem(SIGN_OUT_OWED);
  sync?.stop();
  await wipe(db);
  await storeFacts(db, { user: next });
  setEnding(null);
  await follow(next);
};

/**
 * Ends the session, erases what is kept and begins anew; without a line central is told at the next start.
 * The page is loaded again because central's answer clears this site's storage, which closes the open database.
 */
export const signOut = async (why?: "pin"): Promise<void> => {
  const leaving = user();
  sync?.stop();
  await wipe(db);
  if (leaving) await tellLooks(leaving);
  db.close();
  try {
    await trpc.auth.logout.mutate();
  } catch (error) {
    console.warn("Central is told of the sign-out later", error);
    localStorage.setItem(SIGN_OUT_OWED, "yes");
  }
  keepSettings();
  if (why !== undefined) sessionStorage.setItem(ENDED_BY_PIN, "yes");
  location.replace("/");
};

/** Writes down that something of a plate was shown from this device while central was away. */
export const lookedOffline = (action: OfflineLook["action"], plate: string): void => {
  const looking = user();
  if (!looking) return;
  keepLook(db, looking.id, action, plate).catch((error: unknown) => console.error("A look was not kept", error));
};

/** Locks the installed application when it was left alone for too long; called every second. */
export const lockWhenDue = (): void => {
  if (lock() === "open" && user() && isInstalled() && isLockDue(usedAtMs, Date.now())) setLock("locked");
};

/** Notes that somebody uses this device. */
export const used = (): void => {
  // The press that wakes an application is the first one after the pause, not the end of the pause.
  lockWhenDue();
  if (lock() === "open") usedAtMs = Date.now();
};

/** Writes the last use down, for the next start. */
export const keepUse = (): void => {
  if (isInstalled() && lock() === "open")
    noteUse(db, usedAtMs).catch((error: unknown) => console.error("The last use was not kept", error));
};

/** Takes the first PIN. */
export const choosePin = async (digits: string): Promise<void> => {
  await setPin(db, digits, Date.now());
  usedAtMs = Date.now();
  setLock("open");
};

/** Tries to open the lock. @returns how many tries are left; null when it opened or everything was erased */
export const unlock = async (digits: string): Promise<number | null> => {
  const result = await tryPin(db, digits, Date.now());
  if (result.kind === "wrong") return result.left;
  if (result.kind === "spent") await signOut("pin");
  else {
    usedAtMs = Date.now();
    setLock("open");
  }
  return null;
};
