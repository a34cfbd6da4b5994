/**
 * An administrator's decision about a quarantined element: kept as it is, or released as a detection.
 * Rule: decided once and never changed; a release stores the collector's own bytes or nothing.
 */
import { IMAGE_ROLES, type ImageRole, type QuarantineReason } from "@chaverim/contracts";
import type { Transaction } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { readDeviceKey } from "../collectors/device-key.ts";
import type { EvidenceStore, StagedObject } from "../evidence/store.ts";
import { AppError } from "../failure.ts";
import { type JudgedElement, type StoredIntegrity, checkSignatures } from "../ingest/check-signatures.ts";
import type { ElementImages } from "../ingest/match-images.ts";
import { type GoodElement, isGood, readElement } from "../ingest/read-batch.ts";
import { ensureMonths, writeBatch } from "../ingest/store-batch.ts";
import { type KeptImage, keptImages } from "./list.ts";

export type Decision = { id: string; decision: "kept" | "released"; note: string | null; userId: string };

type Row = {
  collectorId: string;
  reason: QuarantineReason;
  raw: Buffer;
  images: KeptImage[];
  receivedAt: Date;
  deviceKey: Buffer | null;
};

const keeps = (why: string) => new AppError("conflict", `It stays in quarantine: ${why}`);

/** As it was found: a signature that was not the device's then does not become its own because the device is another now. */
const integrityOf = async (element: GoodElement, { reason, deviceKey }: Row): Promise<StoredIntegrity> => {
  if (reason === "bad_signature" || reason === "unsigned") return reason;
  const [judged] = await checkSignatures([element], deviceKey && readDeviceKey(deviceKey));
  if (judged && isGood(judged)) return judged.integrity;
  return element.signature === null ? "unsigned" : "bad_signature";
};

/** Reads the element again as ingest would now. @throws AppError conflict when it is no detection */
const readAgain = async (row: Row): Promise<JudgedElement> => {
  const text = row.raw.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("conflict", "It stays in quarantine: it is not JSON.", { cause });
  }
  const element = readElement(value, text, 0);
  if (!isGood(element)) throw keeps(`it is still no detection (${element.detail.split("\n")[0]}).`);
  return { ...element, integrity: await integrityOf(element, row) };
};

const isJpeg = async (store: EvidenceStore, { sha256, versionId }: KeptImage): Promise<boolean> => {
  const stream = await store.read(sha256, versionId);
  if (!stream) return false;
  for await (const chunk of stream) return (chunk as Buffer).subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]));
  return false;
};

const isRole = (part: string): part is ImageRole => (IMAGE_ROLES as readonly string[]).includes(part);

/** Of the images that came with it, those that it declares, as the store holds them. */
const findImages = async (
  store: EvidenceStore,
  { detection }: JudgedElement,
  kept: readonly KeptImage[],
): Promise<{ images: ElementImages; versions: Map<string, string | null> }> => {
  const images: ElementImages = new Map();
  const versions = new Map<string, string | null>();
  for (const image of kept) {
    const { part, sha256, bytes, versionId } = image;
    const isDeclared = detection.images.some((declared) => declared.role === part && declared.sha256 === sha256);
    if (!isRole(part) || !isDeclared || !(await isJpeg(store, image))) continue;
    const stored: StagedObject = { sha256, bytes, isJpeg: true, path: "", discard: () => Promise.resolve() };
    images.set(part, stored);
    versions.set(sha256, versionId);
  }
  return { images, versions };
};

/** Notes the decision. @throws AppError conflict when there is one */
const note = async (
  transaction: Transaction,
  { id, decision, note: text, userId }: Decision,
  detectionId: string | null,
): Promise<void> => {
  const noted = await transaction`
    insert into quarantine_decisions (quarantine_id, decision, detection_id, note, decided_by)
    values (${id}, ${decision}, ${detectionId}, ${text}, ${userId}) on conflict do nothing`;
  if (noted.count === 0) throw new AppError("conflict", "Somebody has decided about this already.");
};

const release = async (central: Central, decided: Decision, row: Row): Promise<void> => {
  const element = await readAgain(row);
  const { images, versions } = await findImages(central.store, element, row.images);
  const batch = {
    collector: { id: row.collectorId },
    checked: [{ kind: "good" as const, element, images }],
    versions: Promise.resolve(versions),
    // The receipt that the collector has names this time.
    receivedAt: row.receivedAt,
    releasedAt: new Date(),
  };
  await ensureMonths(central, batch);
  await central.database.sql.begin(async (transaction) => {
    await note(transaction, decided, element.detection.id);
    const { fresh, repeats } = await writeBatch(transaction, batch);
    if (repeats.length > 0) throw keeps("the same detection has been stored since.");
    if (fresh.length === 0) throw keeps("another detection with its id is stored already.");
  });
};

/** Decides about one element. @throws AppError not_found | conflict with what keeps it where it is */
export const decideQuarantined = async (central: Central, decided: Decision): Promise<void> => {
  const { sql } = central.database;
  const [row] = await sql<Row[]>`
    select q.collector_id as "collectorId", q.reason, q.raw, ${keptImages(sql)} as images, q.received_at as "receivedAt", c.device_key as "deviceKey"
    from quarantine q join collectors c on c.id = q.collector_id where q.id = ${decided.id}`;
  if (!row) throw new AppError("not_found", "There is nothing in quarantine with this id.");
  if (decided.decision === "released") await release(central, decided, row);
  else await sql.begin((transaction) => note(transaction, decided, null));
};
