/**
 * When what waits at a collector will have been sent, in words.
 * Rule: an estimate names the time, and there is none for a collector that is away.
 */
import type { CollectorView } from "@chaverim/contracts";
import { clockTime, momentLabel, now } from "../../clock.ts";
import { w } from "../../i18n/office.ts";
import { isAway } from "../collector-state.tsx";
import { durationLabel } from "./measures.ts";

/** Detections and pictures that wait, or rows where the collector tells no more; null when it is not known. */
const waiting = ({ lanes, queue }: CollectorView): number | null =>
  lanes ? lanes.metadata.rows + lanes.images.rows : (queue?.rows ?? null);

/** Milliseconds; null without an estimate. */
const emptyAtMs = ({ lanes, lastHeartbeatAt }: CollectorView): number | null =>
  lanes === null || lanes.drainSeconds === null || lastHeartbeatAt === null
    ? null
    : Date.parse(lastHeartbeatAt) + lanes.drainSeconds * 1000;

/** `oldest 23:38`, when rows wait and it is known since when. */
export const queueSince = ({ queue }: CollectorView): string | null =>
  queue === null || queue.rows === 0 || queue.oldestAt === null
    ? null
    : w("lane.oldest", { time: momentLabel(queue.oldestAt) });

/** One sentence about all that waits. */
export const drainWords = (collector: CollectorView): string => {
  const count = waiting(collector);
  if (count === null) return w("lane.unknown");
  if (count === 0) return w("lane.nothing");
  if (isAway(collector.state)) return w("lane.away");
  if (collector.lanes === null) return w("lane.noneTold");
  const atMs = emptyAtMs(collector);
  if (atMs === null) return w("lane.noEstimate");
  const leftMs = atMs - now();
  if (leftMs <= 0) return w("lane.soon");
  return w("lane.emptyAt", { time: clockTime(atMs), span: durationLabel(leftMs / 1000) });
};

/** The same in a few words beside a number; null where there is nothing to say. */
export const drainBrief = (collector: CollectorView): string | null => {
  if (!waiting(collector)) return null;
  if (isAway(collector.state)) return w("lane.away");
  const atMs = emptyAtMs(collector);
  return atMs === null ? null : w("lane.emptyBy", { time: clockTime(Math.max(atMs, now())) });
};
