/**
 * Measures how fast detections become durable, beside what the disk takes for one fsync. Started by scripts/bench/edge.ts:
 * `node add.ts FOLDER ROWS`; prints one JSON figure a line.
 * Rule: everything goes through `add` of a real buffer, on the disk of the fsync that it is compared with.
 */
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { openBuffer, type DetectionBuffer } from "../buffer.ts";
import type { Sighting } from "../cameras/camera.ts";
import { createSystemClock } from "../clock.ts";
import { aJpeg, aSighting } from "../testing.ts";

/** The first rows pay for folders and compiled code. */
const WARM_UP = 50;
/** Ten cameras. */
const AT_ONCE = 10;

const print = (figure: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(figure)}\n`);

/** A second's number of what took so many milliseconds in all. */
const perSecond = (count: number, startedMs: number): number => (count * 1_000) / (performance.now() - startedMs);

/** One small write and one fsync after the other. */
const fsyncsPerSecond = async (folder: string, count: number): Promise<number> => {
  await using file = await open(join(folder, "fsync"), "w");
  const startedMs = performance.now();
  for (let index = 0; index < count; index++) {
    await file.write(randomBytes(4_096), 0, 4_096, index * 4_096);
    await file.sync();
  }
  return perSecond(count, startedMs);
};

const makeSightings = (count: number, withPictures: boolean): Sighting[] =>
  Array.from({ length: count }, () =>
    aSighting({
      pictures: withPictures
        ? [
            { role: "full", bytes: aJpeg(randomBytes(130_000)) },
            { role: "crop", bytes: aJpeg(randomBytes(20_000)) },
          ]
        : [],
    }),
  );

const addAll = async (buffer: DetectionBuffer, count: number, withPictures: boolean, atOnce: number) => {
  const sightings = makeSightings(count, withPictures);
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const addNext = async (): Promise<void> => {
    for (let next = sightings.pop(); next; next = sightings.pop()) await buffer.add(next);
  };
  await Promise.all(Array.from({ length: atOnce }, addNext));
  const { user, system } = process.cpuUsage(cpu);
  return { rows: perSecond(count, startedMs), cpuMs: (user + system) / 1_000 / count };
};

const measure = async (folder: string, count: number): Promise<void> => {
  await using buffer = await openBuffer(folder, createSystemClock());
  await addAll(buffer, WARM_UP, true, AT_ONCE);
  const fsyncs = await fsyncsPerSecond(folder, count);
  print({ case: "add: one fsync of 4 KB after the other", metric: "throughput", value: fsyncs, unit: "1/s", n: count });
  for (const withPictures of [false, true]) {
    for (const atOnce of [1, AT_ONCE]) {
      const added = await addAll(buffer, count, withPictures, atOnce);
      const name = `add: ${withPictures ? "with 2 pictures" : "without pictures"}, ${atOnce} at once`;
      print({ case: name, metric: "throughput", value: added.rows, unit: "rows/s", n: count });
      print({ case: name, metric: "computing", value: added.cpuMs, unit: "ms/row", n: count });
      print({ case: `${name} / fsyncs`, metric: "ratio", value: added.rows / fsyncs, unit: "ratio" });
    }
  }
};

await measure(process.argv[2] ?? "", Number(process.argv[3]));
