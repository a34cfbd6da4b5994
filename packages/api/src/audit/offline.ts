/**
 * Looks at what a device had kept while it was offline, told afterwards.
 * Rule: kept as the device tells it; what its clock cannot have meant is marked, never corrected. A pattern is no plate.
 */
import { type OfflineLook, hasWildcards, normalizePlate } from "@chaverim/contracts";
import type { Central } from "../central.ts";
import { type Who, appendEntry, toCell } from "./append.ts";

const DAY_MS = 24 * 3_600_000;
/** Time zones and a clock that runs fast stay below a day. */
const AHEAD_MS = DAY_MS;
/** An installed app is signed out after 14 days; four times that is no delay but a wrong clock. */
const BEHIND_MS = 60 * DAY_MS;
/** No device's clock begins before 1970, and PostgreSQL takes no year after 9999 in this form; beyond, only the filters tell. */
const EARLIEST_MS = 0;
const LATEST_MS = Date.parse("9999-12-31T00:00:00Z");

/** What is odd about the time that a device tells; null when nothing is. */
const clockFault = (deviceAtMs: number, nowMs: number): "ahead" | "behind" | null => {
  if (deviceAtMs > nowMs + AHEAD_MS) return "ahead";
  return deviceAtMs < nowMs - BEHIND_MS ? "behind" : null;
};

/** Appends one entry a look; a look that was told before is not written twice. */
export const appendOfflineLooks = async (
  central: Pick<Central, "database" | "policy">,
  request: { requestId: string; who: Who; ip: string },
  looks: readonly OfflineLook[],
): Promise<void> => {
  for (const { id, action, plate, deviceAt } of looks) {
    const toldMs = Date.parse(deviceAt);
    const fault = clockFault(toldMs, Date.now());
    await appendEntry(central, {
      ...request,
      action,
      plate: hasWildcards(plate) ? null : normalizePlate(plate) || null,
      filters: { plate: toCell(plate), ...(fault ? { deviceClock: fault, deviceAt } : {}) },
      outcome: "ok",
      offline: { id, deviceAt: new Date(Math.min(Math.max(toldMs, EARLIEST_MS), LATEST_MS)) },
    });
  }
};
