/**
 * Fills a data folder with detections that have not been sent, as a collector has them after days without a line. Started by
 * scripts/bench/edge.ts: `node backlog.ts FOLDER ROWS`.
 * Rule: rows, signatures, chain and sealed pictures are what `add` makes; only its fsyncs are left out, and older sidecars.
 */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { detectionSchema } from "@chaverim/contracts";
import { BUFFER_FILE } from "../buffer-recovery.ts";
import { checksumOf, openRows, type BufferRows, type StoredImage } from "../buffer-rows.ts";
import { openBuffer } from "../buffer.ts";
import { createSystemClock } from "../clock.ts";
import { sha256Of } from "../images.ts";
import { openSidecars, type Sidecar } from "../sidecars.ts";
import { createUuidV7 } from "../uuid-v7.ts";
import { openVault, type Vault } from "../vault.ts";

/** One in ten has pictures, of the size that cameras send. */
const PICTURES_EVERY = 10;
const PICTURE_BYTES = { full: 100_000, crop: 20_000 } as const;
/** Rows of one transaction: a second's work. */
const SLICE_ROWS = 1_000;

const putPicture = async (dataDir: string, vault: Vault, role: "full" | "crop"): Promise<StoredImage> => {
  const bytes = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(PICTURE_BYTES[role] - 4)]);
  const sha256 = sha256Of(bytes);
  await writeFile(join(dataDir, "images", sha256.slice(0, 2), `${sha256}.sealed`), vault.seal("image", bytes, sha256));
  return { role, sha256, bytes: bytes.length };
};

type Place = { epoch: number; nowMs: number; vault: Vault; nextId: () => string };

/** Adds one detection behind the last one; returns its sidecar. */
const addRow = (rows: BufferRows, at: Place, n: number, images: readonly StoredImage[]): Sidecar => {
  const head = rows.head();
  const seq = head.seq + 1;
  const detection = detectionSchema.parse({
    id: at.nextId(),
    cameraId: `camera-${n % 10}`,
    // One a second, up to now.
    capturedAt: new Date(at.nowMs - n * 1_000).toISOString(),
    plate: { text: `B${String((n * 7919) % 20_000).padStart(6, "0")}`, confidence: 0.9 },
    box: [812, 440, 160, 48],
    vehicle: { make: "Benchmark", color: "white", direction: "forward" },
    vendor: { name: "bench", eventId: String(n) },
    images: images.map((image) => ({ ...image, mime: "image/jpeg" })),
    epoch: at.epoch,
    seq,
    prev: head.sha256,
    nonce: randomBytes(32).toString("base64"),
  });
  const payload = JSON.stringify(detection);
  const signature = at.vault.sign("payload", payload);
  const source = `bench:${n}`;
  const bytes = images.reduce((sum, image) => sum + image.bytes, Buffer.byteLength(payload));
  const { id, cameraId } = detection;
  const row = { seq, id, cameraId, source, payload, signature, bytes, createdAt: at.nowMs - n * 1_000 };
  rows.insert(
    { ...row, sha256: sha256Of(payload), checksum: checksumOf(row) },
    images.map((image) => ({ ...image, due: 1, lost: 0 })),
  );
  rows.setHead(seq, sha256Of(payload));
  return { epoch: at.epoch, seq, payload, signature, source, createdAtMs: row.createdAt };
};

const fillFolder = async (dataDir: string, count: number): Promise<void> => {
  const clock = createSystemClock();
  await (await openBuffer(dataDir, clock))[Symbol.asyncDispose]();
  const vault = await openVault(dataDir);
  const rows = openRows(join(dataDir, BUFFER_FILE));
  const epoch = rows.epochs().at(-1)?.epoch ?? 1;
  const at: Place = { epoch, nowMs: Math.round(clock.nowMs()), vault, nextId: createUuidV7(clock.nowMs) };
  let newest: Sidecar | null = null;
  for (let left = count; left > 0; left -= SLICE_ROWS) {
    const pictures = new Map<number, StoredImage[]>();
    const slice = Array.from({ length: Math.min(left, SLICE_ROWS) }, (_, index) => left - index);
    for (const n of slice) {
      if (n % PICTURES_EVERY !== 0) continue;
      pictures.set(n, [await putPicture(dataDir, vault, "full"), await putPicture(dataDir, vault, "crop")]);
    }
    rows.together(() => {
      for (const n of slice) newest = addRow(rows, at, n, pictures.get(n) ?? []);
    });
  }
  rows.close();
  // The newest is what a start looks at.
  if (newest !== null) await (await openSidecars(dataDir)).write([newest]);
};

await fillFolder(process.argv[2] ?? "", Number(process.argv[3]));
