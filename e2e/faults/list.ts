/**
 * Every experiment, in the order in which they run: those that say most first.
 * Rule: one file each.
 */
import type { Experiment } from "./experiment.ts";
import { killCollector } from "./01-kill-collector.ts";
import { powerCutCollector } from "./02-power-cut-collector.ts";
import { powerCutStore } from "./03-power-cut-store.ts";
import { powerCutDatabase } from "./04-power-cut-database.ts";
import { killCentral } from "./05-kill-central.ts";
import { killBeforeAnswer } from "./06-kill-before-answer.ts";
import { killAlertWorker } from "./07-kill-alert-worker.ts";
import { databaseRestarts } from "./08-database-restarts.ts";
import { databaseFrozen } from "./09-database-frozen.ts";
import { databaseLocked } from "./10-database-locked.ts";
import { objectStore } from "./11-object-store.ts";
import { storeDiskFull } from "./12-store-disk-full.ts";
import { databaseDiskFull } from "./13-database-disk-full.ts";
import { collectorDiskFull } from "./14-collector-disk-full.ts";
import { bufferCorrupted } from "./15-buffer-corrupted.ts";
import { cutMultipart } from "./16-cut-multipart.ts";
import { halfOpen } from "./17-half-open.ts";
import { slowLine } from "./18-slow-line.ts";
import { flappingLine } from "./19-flapping-line.ts";
import { weekOffline } from "./20-week-offline.ts";
import { olderBackup } from "./21-older-backup.ts";
import { wrongClocks } from "./22-wrong-clocks.ts";
import { repeatedRequests } from "./23-repeated-requests.ts";
import { keyRotated } from "./24-key-rotated.ts";
import { littleMemory } from "./27-little-memory.ts";
import { earlierVersion } from "./29-earlier-version.ts";
import { soak } from "./30-soak.ts";

export const EXPERIMENTS: readonly Experiment[] = [
  killCollector,
  killCentral,
  killBeforeAnswer,
  cutMultipart,
  // Half an hour by itself.
  slowLine,
  halfOpen,
  flappingLine,
  repeatedRequests,
  databaseRestarts,
  databaseFrozen,
  databaseLocked,
  objectStore,
  storeDiskFull,
  wrongClocks,
  keyRotated,
  powerCutCollector,
  powerCutStore,
  powerCutDatabase,
  killAlertWorker,
  databaseDiskFull,
  collectorDiskFull,
  bufferCorrupted,
  weekOffline,
  littleMemory,
  earlierVersion,
  olderBackup,
  soak,
];
