/**
 * A QR code as one path.
 * Rule: dark on light whatever the theme, as scanners expect.
 */
import { createMemo } from "solid-js";
import { encode } from "uqr";

export const QrCode = (props: { text: string; label: string }) => {
  const code = createMemo(() => encode(props.text, { border: 2 }));
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${code().size} ${code().size}`}
      role="img"
      aria-label={props.label}
      shape-rendering="crispEdges"
    >
      <rect width={code().size} height={code().size} fill="#fff" />
      <path
        fill="#000"
        d={code()
          .data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
          .join("")}
      />
    </svg>
  );
};
