/**
 * Counts over time as one quiet line.
 * Rule: grey unless something is wrong, and the numbers are there for who cannot see the line.
 */
const WIDTH = 108;
const HEIGHT = 26;
/** Room for the line's own width at top and bottom. */
const MARGIN = 3;

export const Sparkline = (props: {
  /** Oldest first. */
  counts: readonly number[];
  /** The line in words. */
  label: string;
  tone?: "warn" | "critical" | undefined;
  /** As wide as its place. */
  wide?: boolean;
}) => {
  const highest = () => Math.max(1, ...props.counts);
  const points = () =>
    props.counts
      .map((count, place) => {
        const x = (place / Math.max(1, props.counts.length - 1)) * (WIDTH - 2) + 1;
        const y = HEIGHT - MARGIN - (count / highest()) * (HEIGHT - 2 * MARGIN);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      })
      .join(" ");
  return (
    <svg
      class={`spark ${props.tone ?? ""}`}
      classList={{ wide: props.wide ?? false }}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio={props.wide ? "none" : "xMidYMid"}
      role="img"
      aria-label={props.label}
    >
      <polyline points={points()} />
    </svg>
  );
};
