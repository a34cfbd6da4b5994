/**
 * Brings central's alerts and detections onto this device and keeps them fresh; what it asks by itself is no use of the session.
 * Rule: the only writer of what central said. Every write can be repeated, and a cursor goes back only when central itself did.
 */
import { type AlertView, type DetectionView, LIVE_PAGES_MS, type User, VIEWER_ALERTS_MS } from "@chaverim/contracts";
import { createSignal } from "solid-js";
import { currentMs, trustServerTime } from "../clock.ts";
import { BACKGROUND, type Central, troubleOf } from "../trpc.ts";
import {
  ALERTS_KEPT,
  DETECTIONS_KEPT,
  type FactName,
  type Facts,
  type LocalDb,
  announce,
  readDetections,
  readFact,
} from "./db.ts";
import { sendLooks } from "./looks.ts";

/** What is known about the line, judged from answers, never from navigator.onLine. */
export type Link =
  | { kind: "starting" }
  | { kind: "live"; delayMs: number }
  | { kind: "slow"; delayMs: number }
  | { kind: "offline"; asOf: number | null }
  | { kind: "signed_out" };

/** Slower than this is shown as slow: a search is budgeted at 0.5 s, a screen at 2 s. */
const SLOW_MS = 2000;
/** Central is asked this often whether it is there. */
const PING_MS = 20_000;
/** While the line is not well it is asked more often: a volunteer waits for it. */
const PING_UNWELL_MS = 4000;
/** A live channel that reconnects within this time was never gone, as far as a person is concerned. */
const DROP_FORGIVEN_MS = 3000;
/** A subscription that ended is opened again after this. */
const RESUBSCRIBE_MS = 2000;
/** Rows asked for at once: a phone screen holds 12, a desktop 20. */
const PAGE = 100;
/** Pages end this much before central would ask for a purpose: this device's clock and the way there are not exact. */
const PAGES_MARGIN_MS = 5 * 60_000;
/** Central's last word on an idle session may have come this much before its end. */
const ENDING_MS = 5000;

const [link, setLink] = createSignal<Link>({ kind: "starting" });
export { link };

/** Writes single facts, e.g. who is signed in, so that the next start shows this device's data before central answers. */
export const storeFacts = async (db: LocalDb, facts: Partial<Facts>): Promise<void> => {
  const transaction = db.transaction("facts", "readwrite");
  for (const [name, value] of Object.entries(facts)) await transaction.store.put(value, name as FactName);
  await transaction.done;
  announce("facts");
};

/**
 * Stores alerts; an older version of an alert never replaces a newer one. Keeps the newest 200.
 * @param cursor where to go on next time; null for a single alert that was answered out of turn
 */
export const storeAlerts = async (db: LocalDb, alerts: readonly AlertView[], cursor: number | null): Promise<void> => {
  const transaction = db.transaction(["alerts", "facts"], "readwrite");
  const store = transaction.objectStore("alerts");
  for (const alert of alerts) {
    const held = await store.get(alert.id);
    if (held === undefined || held.change < alert.change) await store.put(alert);
  }
  let surplus = (await store.count()) - ALERTS_KEPT;
  for (let oldest = await store.index("newest").openCursor(); oldest !== null && surplus > 0; surplus--) {
    await oldest.delete();
    oldest = await oldest.continue();
  }
  if (cursor !== null) {
    const facts = transaction.objectStore("facts");
    const heldCursor = (await facts.get("alertCursor")) as number | undefined;
    if (heldCursor === undefined || heldCursor < cursor) await facts.put(cursor, "alertCursor");
  }
  await transaction.done;
  announce("alerts");
};

/** Stores detections; a repeated one replaces itself (its images may have arrived). Keeps the newest 300. */
export const storeDetections = async (db: LocalDb, detections: readonly DetectionView[]): Promise<void> => {
  if (detections.length === 0) return;
  const transaction = db.transaction("detections", "readwrite");
  for (const detection of detections) await transaction.store.put(detection);
  let surplus = (await transaction.store.count()) - DETECTIONS_KEPT;
  for (let oldest = await transaction.store.index("newest").openCursor(); oldest !== null && surplus > 0; surplus--) {
    await oldest.delete();
    oldest = await oldest.continue();
  }
  await transaction.done;
  announce("detections");
};

/** Erases the alerts and their cursor, to begin anew. */
const forgetAlerts = async (db: LocalDb): Promise<void> => {
  const transaction = db.transaction(["alerts", "facts"], "readwrite");
  await Promise.all([
    transaction.objectStore("alerts").clear(),
    transaction.objectStore("facts").delete("alertCursor"),
  ]);
  await transaction.done;
};

/** Erases alerts that a viewer no longer reaches: central does not give them any more, and with no line this device knows. */
export const forgetOldAlerts = async (db: LocalDb, nowMs: number): Promise<void> => {
  if ((await readFact(db, "user"))?.role !== "viewer") return;
  const until = IDBKeyRange.upperBound(new Date(nowMs - VIEWER_ALERTS_MS).toISOString(), true);
  const transaction = db.transaction("alerts", "readwrite");
  const old = await transaction.store.index("newest").getAllKeys(until);
  for (const id of old) await transaction.store.delete(id);
  await transaction.done;
  if (old.length > 0) announce("alerts");
};

/** Erases the rows when the person, their role or their area is another one: what they may see is fetched anew. */
export const forgetRowsIfChanged = async (db: LocalDb, { id, role, area }: User): Promise<boolean> => {
  const held = await readFact(db, "user");
  if (held === undefined || (held.id === id && held.role === role && held.area === area)) return false;
  await forgetAlerts(db);
  await db.clear("detections");
  announce("alerts");
  announce("detections");
  return true;
};

/** Erases everything kept on this device but the looks that central has not heard of. */
export const wipe = async (db: LocalDb): Promise<void> => {
  const stores = ["alerts", "detections", "facts", "lock"] as const;
  const transaction = db.transaction(stores, "readwrite");
  await Promise.all(stores.map((store) => transaction.objectStore(store).clear()));
  await transaction.done;
  for (const store of ["alerts", "detections", "facts"] as const) announce(store);
};

/** Why a session is over: nobody used it, its longest time has passed, or it was ended from elsewhere. */
export type Ending = "idle" | "expired" | "elsewhere";

/** @returns null while the session's own times have not passed */
export const endedByTime = async (db: LocalDb, nowMs: number): Promise<"idle" | "expired" | null> => {
  const [idle, longest] = await Promise.all([readFact(db, "idleExpiresAt"), readFact(db, "expiresAt")]);
  if (longest !== undefined && Date.parse(longest) <= nowMs) return "expired";
  return idle !== undefined && Date.parse(idle) <= nowMs ? "idle" : null;
};

/** Fetches every alert that changed after the stored cursor. */
export const pullAlerts = async (db: LocalDb, central: Central): Promise<void> => {
  for (let more = true; more;) {
    const cursor = (await readFact(db, "alertCursor")) ?? null;
    const page = await central.alerts.since.query({ cursor }, BACKGROUND);
    // Central was restored from a backup: what this device holds may be newer than what central knows.
    if (page.reset) await forgetAlerts(db);
    await storeAlerts(db, page.alerts, page.cursor);
    // A page that does not move the cursor would be asked for for ever.
    more = page.more && page.cursor !== cursor;
  }
};

/**
 * Fetches detections from the newest back to one that is held already, until the device is full, or for an hour: what lies
 * further back is somebody's search, and nobody is asked for its purpose here.
 */
export const pullDetections = async (db: LocalDb, central: Central): Promise<void> => {
  const held = new Set((await readDetections(db)).map((detection) => detection.id));
  let cursor: string | null = null;
  for (let fetched = 0; fetched < DETECTIONS_KEPT;) {
    const page: { detections: DetectionView[]; cursor: string | null } = await central.detections.recent.query(
      cursor === null ? { limit: PAGE } : { limit: PAGE, cursor },
      BACKGROUND,
    );
    await storeDetections(db, page.detections);
    fetched += page.detections.length;
    cursor = page.cursor;
    // The oldest of the page, not any: the live channel may have brought the newest before this page was asked for.
    const oldest = page.detections.at(-1);
    if (cursor === null || oldest === undefined || held.has(oldest.id)) return;
    if (Date.parse(oldest.detectedAt) < currentMs() - LIVE_PAGES_MS + PAGES_MARGIN_MS) return;
  }
};

export type Sync = {
  /** Takes over an alert that an act of this person changed. */
  store: (alert: AlertView) => Promise<void>;
  /** Takes over what central said of the person in answer to an act of theirs. */
  learn: (facts: Partial<Facts>) => Promise<void>;
  /** Tells central that somebody uses this device, which postpones the end of the session. */
  touch: () => void;
  /** Asks central now instead of at the next turn. */
  check: () => void;
  stop: () => void;
};

type Channel = "alerts" | "detections";

/**
 * Follows central until stopped: listens first, then fetches what was missed, so that there is no gap and no repeat.
 * @param onEnded called once when the session is over; everything kept is erased before
 */
export const startSync = (db: LocalDb, central: Central, onEnded: (why: Ending) => void): Sync => {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  /** How long central's last answer took; null while it does not answer. */
  let answerMs: number | null = null;
  /** When the live channel was last known to carry; a drop is forgiven for a moment before it is shown. */
  let heardAtMs = performance.now();
  const listening: Record<Channel, boolean> = { alerts: false, detections: false };
  const subscriptions: Partial<Record<Channel, { unsubscribe: () => void }>> = {};

  const isListening = (): boolean => listening.alerts && listening.detections;

  const publish = (): void => {
    if (stopped || answerMs === null) return;
    if (isListening()) heardAtMs = performance.now();
    const isSlow = answerMs > SLOW_MS || performance.now() - heardAtMs > DROP_FORGIVEN_MS;
    if (isSlow) setLink({ kind: "slow", delayMs: answerMs });
    else if (isListening() || link().kind === "offline") setLink({ kind: "live", delayMs: answerMs });
  };

  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
    for (const subscription of Object.values(subscriptions)) subscription.unsubscribe();
    removeEventListener("online", check);
    document.removeEventListener("visibilitychange", onVisible);
  };

  const fail = async (error: unknown): Promise<void> => {
    if (stopped) return;
    const isOver = troubleOf(error).code === "signed_out";
    // Without a line the session ends by its own times: what is kept here is not for whoever finds the device.
    const why = await endedByTime(db, currentMs() + (isOver ? ENDING_MS : 0));
    if (stopped) return;
    if (isOver || why !== null) {
      stop();
      setLink({ kind: "signed_out" });
      await wipe(db);
      onEnded(why ?? "elsewhere");
      return;
    }
    answerMs = null;
    const asOf = (await readFact(db, "asOf")) ?? null;
    if (!stopped && answerMs === null) setLink({ kind: "offline", asOf });
  };

  const open = (channel: Channel): void => {
    if (stopped) return;
    listen(channel).catch((error: unknown) => {
      void fail(error);
      reopen(channel);
    });
  };
  const reopen = (channel: Channel): void => {
    listening[channel] = false;
    if (!stopped) setTimeout(open, RESUBSCRIBE_MS, channel);
  };

  const handlersOf = (channel: Channel) => ({
    onStarted: () => {
      listening[channel] = true;
      publish();
      if (channel === "detections") pullDetections(db, central).catch(fail);
    },
    onConnectionStateChange: ({ state }: { state: string }) => {
      if (state !== "connecting" || !listening[channel]) return;
      listening[channel] = false;
      check();
    },
    onError: (error: unknown) => {
      if (troubleOf(error).code === "signed_out") void fail(error);
      else reopen(channel);
    },
    onComplete: () => reopen(channel),
  });

  const listen = async (channel: Channel): Promise<void> => {
    if (channel === "detections") {
      subscriptions.detections = central.detections.live.subscribe(undefined, {
        ...handlersOf(channel),
        onData: (detections) => void storeDetections(db, detections),
      });
      return;
    }
    // The first fetch brings the newest 200; from its cursor on, the channel itself replays what is missed.
    await pullAlerts(db, central);
    if (stopped) return;
    const cursor = await readFact(db, "alertCursor");
    subscriptions.alerts = central.alerts.live.subscribe(
      { lastEventId: cursor === undefined ? null : String(cursor) },
      { ...handlersOf(channel), onData: ({ data }) => void storeAlerts(db, [data], data.change) },
    );
  };

  const ask = async (): Promise<void> => {
    const startedMs = performance.now();
    const [info, me] = await Promise.all([
      central.system.info.query(undefined, BACKGROUND),
      central.auth.me.query(undefined, BACKGROUND),
    ]);
    if (stopped) return;
    answerMs = performance.now() - startedMs;
    trustServerTime(info.serverTime);
    const isChanged = await forgetRowsIfChanged(db, me.user);
    await storeFacts(db, { ...me, version: info.version, simulated: info.simulated, asOf: currentMs() });
    publish();
    // Without the live channel (a network that cuts WebSockets) the device still follows, by asking.
    if (isChanged || !isListening()) await Promise.all([pullAlerts(db, central), pullDetections(db, central)]);
    sendLooks(db, central, me.user.id).catch((error: unknown) => console.warn("Looks are told of later", error));
  };

  const check = (): void => {
    if (stopped || asking) return;
    asking = true;
    clearTimeout(timer);
    forgetOldAlerts(db, currentMs()).catch((error: unknown) => console.error("Old alerts were not erased", error));
    void ask()
      .catch(fail)
      .finally(() => {
        asking = false;
        if (!stopped) timer = setTimeout(check, answerMs !== null && isListening() ? PING_MS : PING_UNWELL_MS);
      });
  };
  const onVisible = (): void => {
    if (document.visibilityState === "visible") check();
  };

  addEventListener("online", check);
  document.addEventListener("visibilitychange", onVisible);
  setLink({ kind: "starting" });
  check();
  open("alerts");
  open("detections");

  return {
    store: (alert) => storeAlerts(db, [alert], null),
    learn: (facts) => storeFacts(db, facts),
    touch: () => void central.auth.me.query().then((me) => (stopped ? undefined : storeFacts(db, me)), fail),
    check,
    stop,
  };
};
