/**
 * Who is signed in on this device, and the data that belongs to them.
 * Rule: nobody signed in means nothing kept; both change together.
 */
import { type Capability, type User, can } from "@chaverim/contracts";
import { createSignal } from "solid-js";
import { type LocalDb, type Reader, createReader, openLocalDb, readFact } from "./local/db.ts";
import { type Sync, startSync, storeFacts, wipe } from "./local/sync.ts";
import { keepSettings } from "./settings.ts";
import { trpc, troubleOf } from "./trpc.ts";

/** undefined: not known yet; null: nobody. */
const [user, setUser] = createSignal<User | null | undefined>(undefined);
/** True after central ended the session by itself. */
const [endedByCentral, setEndedByCentral] = createSignal(false);
export { endedByCentral, user };

let db: LocalDb;
let sync: Sync | undefined;
let reader: Reader;

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

const payOwedSignOut = async (): Promise<void> => {
  if (localStorage.getItem(SIGN_OUT_OWED) === null) return;
  await trpc.auth.logout.mutate();
  localStorage.removeItem(SIGN_OUT_OWED);
};

const follow = (next: User): void => {
  sync = startSync(db, trpc, () => {
    sync = undefined;
    setEndedByCentral(true);
    setUser(null);
  });
  setUser(next);
};

/** Opens the device's data and finds out who is signed in: from this device first, else from central. */
export const openSession = async (): Promise<void> => {
  db = await openLocalDb();
  reader = createReader(db);
  const known = await readFact(db, "user");
  if (known !== undefined) {
    follow(known);
    return;
  }
  try {
    await payOwedSignOut();
    follow((await trpc.auth.me.query()).user);
  } catch (error) {
    // Signed out or not reached: either way there is nothing to show, and signing in says which.
    if (troubleOf(error).code !== "signed_out") console.warn("Central was not reached", error);
    setUser(null);
  }
};

/** Begins after a successful sign-in. */
export const signedIn = async (next: User): Promise<void> => {
  localStorage.removeItem(SIGN_OUT_OWED);
  await wipe(db);
  await storeFacts(db, { user: next });
  setEndedByCentral(false);
  follow(next);
};

/**
 * Ends the session, erases what is kept and begins anew; without a line central is told at the next start.
 * The page is loaded again because central's answer clears this site's storage, which closes the open database.
 */
export const signOut = async (): Promise<void> => {
  sync?.stop();
  await wipe(db);
  db.close();
  try {
    await trpc.auth.logout.mutate();
  } catch (error) {
    console.warn("Central is told of the sign-out later", error);
    localStorage.setItem(SIGN_OUT_OWED, "yes");
  }
  keepSettings();
  location.replace("/");
};
