/**
 * The state of a collector: shape, colour and word.
 * Rule: disc live, diamond late or draining, ring no data; the same shapes everywhere.
 */
import type { CollectorView } from "@chaverim/contracts";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";

export const collectorWords = (collector: CollectorView): string =>
  collector.state === "offline" && collector.lastSeenAt !== null
    ? t("collectors.offlineSince", { time: momentLabel(collector.lastSeenAt) })
    : t(`collectors.${collector.state}`);

export const collectorTone = (state: CollectorView["state"]): "ok" | "warn" | "critical" | "quiet" => {
  switch (state) {
    case "live":
      return "ok";
    case "draining":
    case "late":
      return "warn";
    case "offline":
      return "critical";
    case "never_seen":
    case "revoked":
      return "quiet";
  }
};

const SHAPES = { ok: "dot", warn: "dot diamond", critical: "dot hollow", quiet: "dot hollow" } as const;

/** What a collector last said of itself says nothing of now. */
export const isAway = (state: CollectorView["state"]): boolean =>
  state === "offline" || state === "never_seen" || state === "revoked";

export const CollectorDot = (props: { state: CollectorView["state"] }) => (
  <i class={`${SHAPES[collectorTone(props.state)]} ${collectorTone(props.state)}`} />
);

export const CollectorState = (props: { collector: CollectorView }) => (
  <span class={`state ${collectorTone(props.collector.state)}`}>
    <CollectorDot state={props.collector.state} />
    {collectorWords(props.collector)}
  </span>
);

/** Detections in the last full minute. */
export const perMinuteNow = (collector: CollectorView): number => collector.perMinute.at(-1) ?? 0;
