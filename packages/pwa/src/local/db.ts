/**
 * What this device keeps: alerts, the newest detections, a few facts about them and their reader, looks that central has
 * not heard of yet, and the lock's PIN. Screens read here, online or not.
 * Rule: only this folder writes: `sync.ts` what central said, `looks.ts` and `lock.ts` what happened here.
 */
import type { AlertView, DetectionView, Me, OfflineLook } from "@chaverim/contracts";
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { type Accessor, createRoot, createSignal } from "solid-js";
import { createStore, reconcile } from "solid-js/store";

/** Raise it whenever a stored shape changes: rows of an older build are dropped and fetched again. */
const DB_VERSION = 2;
const DB_NAME = "chaverim";

/** Newest alerts kept on the device. */
export const ALERTS_KEPT = 200;
/** Newest detections kept: a minute of the wall at 5/s. */
export const DETECTIONS_KEPT = 300;

/** Single facts, by name: everything central says of the person, and of itself. */
export type Facts = Me & {
  /** `change` of the newest alert held. */
  alertCursor: number;
  /** When central last answered, milliseconds. */
  asOf: number;
  version: string;
  simulated: boolean;
};
export type FactName = keyof Facts;

/** A look at what is kept here while central was away, and whose it was. */
export type KeptLook = OfflineLook & { userId: string };

/** The PIN of the installed application, and when it was last used. */
export type Pin = {
  salt: Uint8Array<ArrayBuffer>;
  hash: Uint8Array<ArrayBuffer>;
  rounds: number;
  /** Wrong tries since the last right one. */
  wrong: number;
  /** Milliseconds by this device's own clock. */
  usedAtMs: number;
};

interface Stores extends DBSchema {
  alerts: { key: string; value: AlertView; indexes: { newest: string } };
  detections: { key: string; value: DetectionView; indexes: { newest: string } };
  facts: { key: FactName; value: Facts[FactName] };
  looks: { key: string; value: KeptLook; indexes: { oldest: string } };
  lock: { key: "pin"; value: Pin };
}
export type StoreName = "alerts" | "detections" | "facts";
export type LocalDb = IDBPDatabase<Stores>;

/** Opens the device's database, dropping what another build left. */
export const openLocalDb = (name = DB_NAME): Promise<LocalDb> =>
  openDB<Stores>(name, DB_VERSION, {
    upgrade(db) {
      // Looks are the one thing that central cannot give back.
      for (const store of db.objectStoreNames) if (store !== "looks") db.deleteObjectStore(store);
      if (!db.objectStoreNames.contains("looks"))
        db.createObjectStore("looks", { keyPath: "id" }).createIndex("oldest", "deviceAt");
      db.createObjectStore("lock");
      db.createObjectStore("alerts", { keyPath: "id" }).createIndex("newest", "createdAt");
      db.createObjectStore("detections", { keyPath: "id" }).createIndex("newest", "detectedAt");
      db.createObjectStore("facts");
    },
    // A newer build in another tab wants to upgrade: step aside, the reload prompt follows.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });

/** Newest first. */
export const readAlerts = async (db: LocalDb): Promise<AlertView[]> =>
  (await db.getAllFromIndex("alerts", "newest")).toReversed();

/** Newest first. */
export const readDetections = async (db: LocalDb): Promise<DetectionView[]> =>
  (await db.getAllFromIndex("detections", "newest")).toReversed();

export const readFact = async <Name extends FactName>(db: LocalDb, name: Name): Promise<Facts[Name] | undefined> =>
  (await db.get("facts", name)) as Facts[Name] | undefined;

/** Rows of a store as a screen sees them: `ready` is false until they were read once. */
export type Rows<Row> = { readonly list: readonly Row[]; readonly ready: boolean };

type Listener = (store: StoreName) => void;
const listeners = new Set<Listener>();

/** Said by `sync.ts` after every write. */
export const announce = (store: StoreName): void => {
  for (const listener of listeners) listener(store);
};

/**
 * Keeps `apply` up to date with a store: reads at once and after every announced write, one read at a time.
 * A write during a read causes exactly one more read.
 */
const follow = <Value>(store: StoreName, read: () => Promise<Value>, apply: (value: Value) => void): void => {
  let reading = false;
  let again = false;
  const refresh = async (): Promise<void> => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    do {
      again = false;
      try {
        apply(await read());
      } catch (error) {
        console.error("The device's database could not be read", error);
      }
    } while (again);
    reading = false;
  };
  listeners.add((written) => {
    if (written === store) void refresh();
  });
  void refresh();
};

/** The read side for screens; rows keep their identity, so an unchanged row is not drawn again. */
export const createReader = (
  db: LocalDb,
): {
  alerts: Rows<AlertView>;
  detections: Rows<DetectionView>;
  facts: Accessor<Partial<Facts>>;
} =>
  createRoot(() => {
    const [alerts, setAlerts] = createStore<{ list: AlertView[]; ready: boolean }>({ list: [], ready: false });
    const [detections, setDetections] = createStore<{ list: DetectionView[]; ready: boolean }>({
      list: [],
      ready: false,
    });
    const [facts, setFacts] = createSignal<Partial<Facts>>({});
    follow(
      "alerts",
      () => readAlerts(db),
      (list) => setAlerts(reconcile({ list, ready: true }, { key: "id" })),
    );
    follow(
      "detections",
      () => readDetections(db),
      (list) => setDetections(reconcile({ list, ready: true }, { key: "id" })),
    );
    follow(
      "facts",
      async (): Promise<Partial<Facts>> => {
        const [names, values] = await Promise.all([db.getAllKeys("facts"), db.getAll("facts")]);
        return Object.fromEntries(names.map((name, place) => [name, values[place]]));
      },
      setFacts,
    );
    return { alerts, detections, facts };
  });

export type Reader = ReturnType<typeof createReader>;
