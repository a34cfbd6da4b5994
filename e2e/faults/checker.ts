/**
 * The one judge of every experiment: what was generated against what central and the collectors hold.
 * Rule: it asks the database, the disks and the public key itself, and believes no program's word.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { receiptBytes, receiptSchema } from "@chaverim/contracts";
import { operate } from "../support/central.ts";
import type { Stand, Station, Usage } from "./stand.ts";
import type { Generated } from "./workload.ts";

/** What a server may keep after work: the heap grows to what Node likes, and connections of the database stay open. */
const RSS_GROWTH_MB = 250;
const DESCRIPTORS_GROWTH = 60;
/** Connections that nobody uses are closed after 5 s, and memory is given back in its own time. */
const CALM_MS = 15_000;
/** The longest pause between two tries of a collector. */
const TOLD_MS = 300_000;

/** `lost` and `duplicated` are null when nobody could look. */
export type Verdict = { generated: number; lost: number | null; duplicated: number | null; problems: string[] };

const sha256Of = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** Many of one kind as one sentence with the first three. */
const tell = (what: string, found: readonly string[]): string[] =>
  found.length === 0 ? [] : [`${found.length} ${what}: ${found.slice(0, 3).join(", ")}`];

type Held = { plate: string; id: string; at: string; collectorId: string; images: Record<string, string> | null };

const readHeld = (stand: Stand): Promise<Held[]> =>
  stand.sql<Held[]>`
    select d.plate, d.id, to_char(d.captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
      d.collector_id as "collectorId",
      (select jsonb_object_agg(i.role, encode(i.sha256, 'hex')) from evidence_images i where i.detection_id = d.id) as images
    from detections d join evidence_payloads p on p.id = d.id`;

/** (a) Every plate once, with its own time, from its own collector. */
const checkDetections = (
  stand: Stand,
  byPlate: ReadonlyMap<string, Held[]>,
): { lost: number; duplicated: number; problems: string[] } => {
  const { generated } = stand.history;
  const collectors = new Map([
    ...stand.stations.map(({ name, collectorId }) => [name, collectorId] as const),
    ["Script", stand.script.collectorId] as const,
  ]);
  const lost = generated.filter(({ plate }) => !byPlate.has(plate));
  const twice = [...byPlate].filter(([, held]) => held.length > 1).map(([plate]) => plate);
  const isOurs = new Set(generated.map(({ plate }) => plate));
  const foreign = [...byPlate.keys()].filter((plate) => !isOurs.has(plate));
  const altered = generated.filter(({ plate, capturedAt, station }) => {
    const [held] = byPlate.get(plate) ?? [];
    return (
      held &&
      ((capturedAt !== null && held.at !== capturedAt) || held.collectorId !== (collectors.get(station) ?? station))
    );
  });
  const platesOf = (list: readonly Generated[]) => list.map(({ plate }) => plate);
  return {
    lost: lost.length,
    duplicated: twice.length,
    problems: [
      ...tell("detections are not at central", platesOf(lost)),
      ...tell("detections are at central more than once", twice),
      ...tell("detections at central were never generated", foreign),
      ...tell("detections have another time or collector", platesOf(altered)),
    ],
  };
};

/** (b) Every picture with its own detection, byte for byte, and nothing else in the store. */
const checkPictures = async (stand: Stand, byPlate: ReadonlyMap<string, Held[]>): Promise<string[]> => {
  const missing: string[] = [];
  const wrong: string[] = [];
  const expected = new Set<string>();
  for (const { plate, pictures } of stand.history.generated) {
    const [held] = byPlate.get(plate) ?? [];
    for (const { role, sha256 } of pictures) {
      const name = `${role} of ${plate}`;
      const stored = held?.images?.[role];
      if (stored === undefined && stand.history.given.has(sha256)) continue;
      expected.add(sha256);
      const bytes = stored === sha256 ? await stand.holdings.read(sha256) : null;
      if (bytes === null) missing.push(name);
      else if (sha256Of(bytes) !== sha256) wrong.push(name);
    }
  }
  const others = (await stand.holdings.list()).filter((name) => !expected.has(name));
  return [
    ...tell("pictures are missing", missing),
    ...tell("pictures have other bytes", wrong),
    ...tell("objects belong to nothing", stand.history.quarantined > 0 ? [] : others),
  ];
};

/** (c) One alert for each watched plate, and never two for one detection and entry. */
const checkAlerts = async (stand: Stand): Promise<string[]> => {
  const alerts = await stand.sql<{ plate: string; entryId: string; detectionId: string }[]>`
    select plate, entry_id as "entryId", detection_id as "detectionId" from alerts`;
  const byPlate = Map.groupBy(alerts, ({ plate }) => plate);
  const watched = stand.history.generated.filter(({ isWatched }) => isWatched).map(({ plate }) => plate);
  const isExpected = new Set(watched);
  const pairs = new Set(alerts.map(({ entryId, detectionId }) => `${entryId} ${detectionId}`));
  return [
    ...tell(
      "watched plates raised no alert",
      watched.filter((plate) => !byPlate.has(plate)),
    ),
    ...tell(
      "watched plates raised several alerts",
      watched.filter((plate) => (byPlate.get(plate)?.length ?? 0) > 1),
    ),
    ...tell(
      "plates raised an alert and are not watched",
      [...byPlate.keys()].filter((plate) => !isExpected.has(plate)),
    ),
    ...(pairs.size === alerts.length ? [] : ["a detection raised two alerts for one entry"]),
  ];
};

type BufferRow = { id: string; payload: string; payload_sha256: string; receipt: string | null };

/** What of a row's receipt does not hold; null when everything does. */
const findFlaw = (
  { payload, payload_sha256: hash, receipt: text }: BufferRow,
  collectorId: string,
  keys: ReadonlyMap<string, string>,
): "none" | "invalid" | null => {
  const parsed = receiptSchema.safeParse(text === null ? null : JSON.parse(text));
  if (!parsed.success) return "none";
  const receipt = parsed.data;
  const { epoch, seq } = JSON.parse(payload) as { epoch: number; seq: number };
  const isItsOwn = receipt.payload === hash && sha256Of(payload) === hash && receipt.collector === collectorId;
  const key = keys.get(receipt.keyId);
  if (!isItsOwn || key === undefined || receipt.epoch !== epoch || receipt.seq !== seq) return "invalid";
  const publicKey = createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
  return verify(null, receiptBytes(receipt), publicKey, Buffer.from(receipt.signature, "base64")) ? null : "invalid";
};

/** (d, e) What a stopped collector holds: every row has central's receipt, and no row went before its time. */
const checkBuffer = async (stand: Stand, station: Station, keys: ReadonlyMap<string, string>): Promise<string[]> => {
  const { name, collectorId, site } = station;
  using database = new DatabaseSync(join(site.buffer, "buffer.db"), { readOnly: true });
  const rows = database.prepare("SELECT id, payload, payload_sha256, receipt FROM detections").all() as BufferRow[];
  const central = await stand.sql<{ id: string; hash: string }[]>`
    select id, encode(payload_sha256, 'hex') as hash from evidence_payloads where collector_id = ${collectorId}`;
  const hashById = new Map(central.map(({ id, hash }) => [id, hash]));
  const kept = new Set(rows.map(({ id }) => id));
  const flawed = Map.groupBy(rows, (row) => findFlaw(row, collectorId, keys));
  const idsOf = (list: readonly { id: string }[] = []) => list.map(({ id }) => id);
  const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  const scratch = filesIn(site.buffer).filter((folder) => folder.endsWith("-scratch"));
  return [
    ...tell(`rows of ${name} have no receipt`, idsOf(flawed.get("none"))),
    ...tell(`receipts of ${name} do not verify`, idsOf(flawed.get("invalid"))),
    ...tell(
      `rows of ${name} are not at central as they are here`,
      idsOf(rows.filter(({ id, payload_sha256: hash }) => hashById.get(id) !== hash)),
    ),
    ...tell(
      `rows of ${name} are gone within an hour of their receipt`,
      idsOf(central.filter(({ id }) => !kept.has(id))),
    ),
    ...tell(
      `temporary files in the buffer of ${name}`,
      scratch.flatMap((folder) => filesIn(join(site.buffer, folder))),
    ),
    ...tell(`drops of ${name} were rejected`, filesIn(join(site.drop, "rejected"))),
  ];
};

/** (d) The access log is a whole chain. */
const checkLog = async (stand: Stand): Promise<string[]> => {
  const said = await operate(stand.dataDir, ["log", "verify"], undefined, stand.environment);
  return (said["intact"] as unknown) === true ? [] : [`alpr log verify: ${said["verdict"]}`];
};

/** (e) Nothing half done lies in the store. */
const checkStaging = (stand: Stand): string[] =>
  tell("temporary or damaged files in the evidence store", stand.holdings.halfDone());

/** Central begins an epoch when its database is an older copy of itself, and for nothing else. */
const checkEpoch = async (stand: Stand): Promise<string[]> => {
  const [row] = await stand.sql<{ epoch: number }[]>`select max(epoch)::int as epoch from central_epochs`;
  const expected = 1 + stand.history.restores;
  return row?.epoch === expected ? [] : [`central's epoch is ${row?.epoch} and not ${expected}`];
};

/** (f) Central is as small as it was; asked for a while, because it becomes so in its own time. */
const checkUsage = async (stand: Stand): Promise<string[]> => {
  const { baseline } = stand;
  const isBack = ({ rssMb, descriptors }: Usage) =>
    rssMb <= baseline.rssMb + RSS_GROWTH_MB && descriptors <= baseline.descriptors + DESCRIPTORS_GROWTH;
  let usage = stand.usage();
  for (const deadline = Date.now() + CALM_MS; !isBack(usage) && Date.now() < deadline; usage = stand.usage())
    await sleep(500);
  const tellUsage = ({ rssMb, descriptors }: Usage) => `${rssMb} MB and ${descriptors} descriptors`;
  return isBack(usage) ? [] : [`central has ${tellUsage(usage)}, and had ${tellUsage(baseline)}`];
};

const readKeys = async (url: string): Promise<Map<string, string>> => {
  const answer = await fetch(`${url}/api/v1/keys`);
  const { keys } = (await answer.json()) as { keys: { keyId: string; publicKey: string }[] };
  return new Map(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
};

/**
 * Waits until both collectors say that nothing waits: central may have a row whose answer was lost on its way, and is sent it
 * again. Whether that is so, their buffers tell afterwards.
 */
const hearFromBoth = async ({ sql, stations }: Stand): Promise<void> => {
  const ids = stations.map(({ collectorId }) => collectorId);
  const [{ since } = { since: "" }] = await sql<{ since: string }[]>`select now()::text as since`;
  for (const deadline = Date.now() + TOLD_MS; Date.now() < deadline; await sleep(200)) {
    const done = await sql`select 1 from collectors where id in ${sql(ids)}
      and last_heartbeat_at > ${since}::timestamptz and (heartbeat -> 'buffer' ->> 'rows')::int = 0`;
    if (done.length === stations.length) return;
  }
};

/** Waits until everything has arrived and the collectors know it, stops them in order, and judges. */
export const check = async (stand: Stand): Promise<Verdict> => {
  const isSettled = await stand.settled();
  await hearFromBoth(stand);
  // A row's acknowledgement is written after central's answer; a collector that is told to stop finishes that.
  for (const station of stand.stations) await station.stop();
  const held = await readHeld(stand);
  const byPlate = Map.groupBy(held, ({ plate }) => plate);
  const { problems, ...counts } = checkDetections(stand, byPlate);
  const [quarantine] = await stand.sql<{ count: number; reasons: string | null }[]>`
    select count(*)::int as count, string_agg(distinct reason, ', ') as reasons from quarantine`;
  const { quarantined, generated } = stand.history;
  const keys = await readKeys(stand.url);
  const found = [
    ...(isSettled ? [] : ["not everything arrived in time"]),
    ...problems,
    ...(quarantine?.count === quarantined
      ? []
      : [`${quarantine?.count} elements are in quarantine (${quarantine?.reasons}) and not ${quarantined}`]),
    ...(await checkPictures(stand, byPlate)),
    ...(await checkAlerts(stand)),
    ...(await Promise.all(stand.stations.map((station) => checkBuffer(stand, station, keys)))).flat(),
    ...(await checkLog(stand)),
    ...checkStaging(stand),
    ...(await checkEpoch(stand)),
    ...(await checkUsage(stand)),
    ...stand.history.problems,
  ];
  return { ...counts, generated: generated.length, problems: found };
};
