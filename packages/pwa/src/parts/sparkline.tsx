/**
 * Detections a minute over the last hour as one quiet line.
 * Rule: grey unless something is wrong, and the numbers are there for who cannot see the line.
 */
import type { CollectorView } from "@chaverim/contracts";
import { t } from "../i18n/words.ts";

const WIDTH = 108;
const HEIGHT = 26;
/** Room for the line's own width at top and bottom. */
const MARGIN = 3;

export const Sparkline = (props: { perMinute: readonly number[]; state: CollectorView["state"] }) => {
  const highest = () => Math.max(1, ...props.perMinute);
  const points = () =>
    props.perMinute
      .map((count, minute) => {
        const x = (minute / Math.max(1, props.perMinute.length - 1)) * (WIDTH - 2) + 1;
        const y = HEIGHT - MARGIN - (count / highest()) * (HEIGHT - 2 * MARGIN);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      })
      .join(" ");
  return (
    <svg
      class="spark"
      classList={{ warn: props.state === "late" || props.state === "draining", critical: props.state === "offline" }}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t("collectors.spark", {
        now: props.perMinute.at(-1) ?? 0,
        highest: Math.max(0, ...props.perMinute),
        total: props.perMinute.reduce((sum, count) => sum + count, 0),
      })}
    >
      <polyline points={points()} />
    </svg>
  );
};
