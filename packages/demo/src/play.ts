/**
 * Plays the story on a clock: waits for each event, takes its pictures, brings them to the cameras, tells the terminal.
 * Rule: time and hands are given to it, so that a test plays an hour in a moment.
 */
import type { Event } from "./story.ts";

type PassEvent = Extract<Event, { kind: "pass" }>;

export type Stage = {
  /** Resolves when the story has come to this moment; early when the demo stops. */
  until: (atMs: number) => Promise<void>;
  /** Brings a pass to its collector; false when the collector could not take it. */
  pass: (event: PassEvent) => Promise<boolean>;
  setUplink: (up: boolean) => Promise<void>;
  tell: (atMs: number, what: string) => void;
};

const describe = ({ camera, vehicle, read }: PassEvent): string =>
  read === vehicle.plate
    ? `Watched car ${read} passes ${camera.name}`
    : `Watched car ${vehicle.plate} passes ${camera.name} and is read as ${read}`;

/** Plays events until the signal; what a camera could not deliver is gone, as in the field. */
export const play = async (events: Iterable<Event>, stage: Stage, signal: AbortSignal): Promise<void> => {
  let waiting = 0;
  let isUplinkUp = true;
  for (const event of events) {
    await stage.until(event.atMs);
    if (signal.aborted) return;
    if (event.kind === "uplink") {
      await stage.setUplink(event.up);
      isUplinkUp = event.up;
      stage.tell(
        event.atMs,
        event.up
          ? `Collector ${event.collector} has its uplink back: ${waiting} detections waited and follow`
          : `Collector ${event.collector} loses its uplink and keeps what it sees`,
      );
      waiting = 0;
      continue;
    }
    if (event.watched) stage.tell(event.atMs, describe(event));
    const delivered = await stage.pass(event);
    if (delivered && !isUplinkUp && event.camera.collector === "Bridge") waiting += 1;
  }
};
