/**
 * What each command does at this collector.
 * Rule: nothing here takes more than its named arguments, and nothing runs a program.
 */
import { TEST_VENDOR } from "@chaverim/contracts";
import type { DetectionBuffer } from "./buffer.ts";
import type { KeyRing } from "./central-api-key.ts";
import { arrivalNow, type CentralTime, type Clock } from "./clock.ts";
import type { Deeds } from "./commands.ts";
import type { LevelledLog, RecentLines } from "./log.ts";

/** A log that somebody turned up and forgot fills no disk. */
const LEVEL_BACK_MS = 3_600_000;
/** The acknowledgement's limit is 20,000 characters; the lines themselves stay within 20,000 bytes. */
const DIAGNOSTICS_BYTES = 20_000;

type DeedsOptions = {
  buffer: Pick<DetectionBuffer, "add">;
  clock: Clock;
  centralTime: CentralTime;
  keys: Pick<KeyRing, "prepare">;
  log: LevelledLog;
  recent: RecentLines;
  /** Tells the uploader that a row of so many bytes was added. */
  noteAdded: (bytes: number) => void;
  /** Restarts a camera's adapter by the camera's id. */
  restarts: ReadonlyMap<string, () => void>;
};

export const createDeeds = (options: DeedsOptions): Deeds => {
  const { buffer, clock, centralTime, log, recent, restarts } = options;
  const configuredLevel = log.level;
  let backToLevel: NodeJS.Timeout | undefined;

  const restartOf = (cameraId: string): (() => void) => {
    const restart = restarts.get(cameraId);
    if (!restart) throw new Error(`This collector has no camera called ${cameraId}.`);
    return restart;
  };

  return {
    rotate_key: () => ({ detail: "A new key was made.", newKey: options.keys.prepare() }),
    capture_test: async ({ cameraId }, commandId) => {
      restartOf(cameraId);
      const { atMs, clock: explained } = centralTime.timeOf(arrivalNow(clock));
      const added = await buffer.add({
        reading: {
          cameraId,
          capturedAt: new Date(atMs).toISOString(),
          clock: explained,
          plate: { text: null, confidence: null },
          vendor: { name: TEST_VENDOR, eventId: commandId },
        },
        pictures: [],
        source: `${TEST_VENDOR}:${commandId}`,
      });
      if (added.kind === "repeat") return { detail: "The detection was stored before." };
      options.noteAdded(added.bytes);
      return { detail: `The detection ${added.id} is stored and on its way.` };
    },
    set_log_level: ({ level }) => {
      clearTimeout(backToLevel);
      log.level = level;
      backToLevel = setTimeout(() => void (log.level = configuredLevel), LEVEL_BACK_MS).unref();
      return { detail: `The log says ${level} for an hour, and then ${configuredLevel} again.` };
    },
    restart_adapter: ({ cameraId }) => {
      restartOf(cameraId)();
      return { detail: `The adapter of ${cameraId} starts again.` };
    },
    send_diagnostics: () => ({ detail: recent.newest(DIAGNOSTICS_BYTES) }),
  };
};
