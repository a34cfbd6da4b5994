/**
 * Looking into the buffer of a collector that was killed.
 * Rule: always a copy, so that the collector's next start finds exactly what the fault left.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Stand, Station } from "./stand.ts";

const readPlates = (stand: Stand, station: Station): Set<string> => {
  const copy = join(stand.folder, "buffer-copy");
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const name of ["buffer.db", "buffer.db-wal"]) {
    const from = join(station.site.buffer, name);
    if (existsSync(from)) cpSync(from, join(copy, name));
  }
  using database = new DatabaseSync(join(copy, "buffer.db"));
  const rows = database.prepare("SELECT payload FROM detections").all() as { payload: string }[];
  return new Set(rows.map(({ payload }) => (JSON.parse(payload) as { plate: { text: string } }).plate.text));
};

/** Notes what was dropped at a station and is neither in its folder nor in its buffer, and what central alone has. */
export const expectNothingGone = async (stand: Stand, station: Station): Promise<void> => {
  const waiting = new Set(readdirSync(station.site.drop).map((name) => name.split(".")[0] ?? ""));
  const kept = readPlates(stand, station);
  const rows = await stand.sql<{ plate: string }[]>`
    select plate from detections where collector_id = ${station.collectorId}`;
  const atCentral = new Set(rows.map(({ plate }) => plate));
  const gone = stand.history.generated
    .filter(({ station: name, plate }) => name === station.name && !kept.has(plate))
    .filter(({ plate }) => !waiting.has(plate) || atCentral.has(plate))
    .map(({ plate }) => plate);
  const number = stand.history.faults.length;
  stand.expect(gone.length === 0, `after fault ${number} gone at ${station.name}: ${gone.slice(0, 3).join(", ")}`);
};
