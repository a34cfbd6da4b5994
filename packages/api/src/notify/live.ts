/**
 * News to open screens: detections as rows, alerts as "there is something newer".
 * Rule: PostgreSQL's NOTIFY carries keys only, so every central process hears of what any of them committed.
 */
import type { Queryable, Sql } from "@chaverim/db/open";
import { type DetectionRow, detectionColumns, detectionJoins } from "../detections/view.ts";
import type { Log } from "../log.ts";
import { type Mailbox, createMailbox } from "./mailbox.ts";

const CHANNEL = "live";
/** NOTIFY takes less than 8,000 bytes. A key is some 70 of them, and some 400 with the longest plate there can be. */
const MESSAGE_BYTES = 7500;
/** Batches kept for a slow screen: more than a wall shows. */
const BATCHES_KEPT = 20;

/** Names one detection in its partition: plate, milliseconds, id. */
export type DetectionKey = [plate: string, detectedAtMs: number, id: string];
type Message = { detections: DetectionKey[] } | { alerts: true };

export type Live = AsyncDisposable & {
  /** New detections, a batch at a time, from now on. */
  detections: (signal: AbortSignal | undefined) => AsyncIterable<DetectionRow[]>;
  /** One item at once and one whenever alerts changed; the reader pulls by its own cursor. */
  alertNews: (signal: AbortSignal | undefined) => AsyncIterable<true>;
  /** Screens that listen now. */
  listeners: () => number;
};

/** Tells all screens of new detections, when the transaction commits. */
export const announceDetections = async (sql: Queryable, keys: readonly DetectionKey[]): Promise<void> => {
  const send = (detections: DetectionKey[]) =>
    sql`select pg_notify(${CHANNEL}, ${JSON.stringify({ detections } satisfies Message)})`;
  let message: DetectionKey[] = [];
  let bytes = 0;
  for (const key of keys) {
    const more = JSON.stringify(key).length + 1;
    if (bytes + more > MESSAGE_BYTES) {
      await send(message);
      message = [];
      bytes = 0;
    }
    message.push(key);
    bytes += more;
  }
  if (message.length > 0) await send(message);
};

/** Tells all screens that an alert is new or changed, when the transaction commits. */
export const announceAlerts = async (sql: Queryable): Promise<void> => {
  const message: Message = { alerts: true };
  await sql`select pg_notify(${CHANNEL}, ${JSON.stringify(message)})`;
};

const readDetections = (sql: Sql, keys: DetectionKey[]): Promise<DetectionRow[]> => sql<DetectionRow[]>`
  select ${detectionColumns(sql)}
  from unnest(${keys.map((key) => key[0])}::text[], ${keys.map((key) => new Date(key[1]).toISOString())}::timestamptz[], ${keys.map((key) => key[2])}::uuid[])
    wanted(plate, detected_at, id)
  join detections d using (plate, detected_at, id) ${detectionJoins(sql)}
  where not d.is_test
  order by d.detected_at, d.id`;

/** Listens for news; one connection for the process. */
export const openLive = async (sql: Sql, log: Log): Promise<Live> => {
  const detectionBoxes = new Set<Mailbox<DetectionRow[]>>();
  const alertBoxes = new Set<Mailbox<true>>();
  const tellAlerts = () => {
    for (const box of alertBoxes) box.push(true);
  };
  const hear = async (text: string) => {
    const message = JSON.parse(text) as Message;
    if ("alerts" in message) return tellAlerts();
    if (detectionBoxes.size === 0) return;
    const rows = await readDetections(sql, message.detections);
    for (const box of detectionBoxes) box.push(rows);
  };
  const listening = await sql.listen(
    CHANNEL,
    (text) => void hear(text).catch((error: unknown) => log.warn({ error }, "live news could not be read")),
    // Also after a lost connection: whoever missed news pulls it now.
    tellAlerts,
  );
  const subscribe = async function* <T>(
    boxes: Set<Mailbox<T>>,
    max: number,
    signal: AbortSignal | undefined,
    first?: T,
  ) {
    const box = createMailbox<T>(max, signal);
    boxes.add(box);
    if (first !== undefined) box.push(first);
    try {
      yield* box;
    } finally {
      boxes.delete(box);
    }
  };
  return {
    detections: (signal) => subscribe(detectionBoxes, BATCHES_KEPT, signal),
    alertNews: (signal) => subscribe(alertBoxes, 1, signal, true),
    listeners: () => detectionBoxes.size + alertBoxes.size,
    [Symbol.asyncDispose]: () => listening.unlisten(),
  };
};
