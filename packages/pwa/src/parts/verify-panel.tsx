/**
 * Look before acting: the photo, the reading and the listed plate above each other at one scale.
 * Rule: a character that differs is boxed in both plates and stands under itself; nothing is drawn onto the photo.
 */
import { type AlertView, type PlateDifference, normalizePlate } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { Crop } from "./crop.tsx";
import { readAs, sureness } from "./match-words.ts";

/** Units of the drawing: one character is 47 wide, a separator 34, the plate 82 high with 24 at each side. */
const CHARACTER = 47;
const SEPARATOR = 34;
const EDGE = 24;
const HEIGHT = 82;
/** A plate of seven fills the photo's width; shorter ones are not blown up beyond that scale. */
const WIDTH_LEAST = 7 * CHARACTER + 2 * EDGE;

type Cell = { text: string; left: number; width: number; marked: boolean };

/**
 * Cells of the listed plate and of the reading in the listed plate's spacing, so that character n stands under n.
 * @param listed as typed, separators kept; @param read normalised, as long as the normalised listed plate
 */
export const layOutPlates = (
  listed: string,
  read: string,
  differences: readonly PlateDifference[],
): { listed: Cell[]; read: Cell[]; width: number } => {
  const marked = new Set(differences.map((difference) => difference.index));
  const rows: { listed: Cell[]; read: Cell[] } = { listed: [], read: [] };
  let left = EDGE;
  let index = 0;
  for (const character of listed) {
    const isCounted = normalizePlate(character).length === 1;
    const width = isCounted ? CHARACTER : SEPARATOR;
    const isMarked = isCounted && marked.has(index);
    rows.listed.push({ text: isCounted ? normalizePlate(character) : character, left, width, marked: isMarked });
    rows.read.push({ text: isCounted ? (read[index] ?? "") : character, left, width, marked: isMarked });
    left += width;
    if (isCounted) index++;
  }
  return { ...rows, width: left + EDGE };
};

const DrawnPlate = (props: { cells: Cell[]; width: number; lit: boolean; label: string }) => {
  const total = () => Math.max(props.width, WIDTH_LEAST);
  const shift = () => (total() - props.width) / 2;
  return (
    <svg
      class="drawn-plate"
      classList={{ lit: props.lit }}
      viewBox={`0 0 ${total()} ${HEIGHT}`}
      role="img"
      aria-label={props.label}
    >
      <g transform={`translate(${shift()} 0)`}>
        <rect class="plate-body" x="2" y="2" width={props.width - 4} height={HEIGHT - 4} rx="10" />
        <For each={props.cells}>
          {(cell) => (
            <>
              <Show when={cell.marked}>
                <rect class="plate-mark" x={cell.left} y="9" width={cell.width} height={HEIGHT - 18} rx="7" />
              </Show>
              <text x={cell.left + cell.width / 2} y="64" text-anchor="middle">
                {cell.text}
              </text>
            </>
          )}
        </For>
      </g>
    </svg>
  );
};

export const VerifyPanel = (props: { alert: AlertView }) => {
  const read = () => props.alert.detection.plate.normalized ?? "";
  const plates = () => layOutPlates(props.alert.entry.plate, read(), props.alert.match.differences);
  const why = () => readAs(props.alert.match);
  return (
    <section
      class="verify"
      aria-label={t("alert.comparison", {
        read: read(),
        listed: props.alert.entry.plate,
        why: why() ?? t("match.exactLong"),
      })}
    >
      <Crop detection={props.alert.detection} class="verify-photo" eager />
      <div class="verify-caption">
        <span>{t("alert.read")}</span>
        <span>{sureness(props.alert.detection.plate.confidence)}</span>
      </div>
      <DrawnPlate cells={plates().read} width={plates().width} lit={false} label={`${t("alert.read")} ${read()}`} />
      <div class="verify-caption">
        <span>{t("alert.listed")}</span>
        <span>
          {t("alert.listedBy", { time: momentLabel(props.alert.entry.addedAt), name: props.alert.entry.addedBy })}
        </span>
      </div>
      <DrawnPlate
        cells={plates().listed}
        width={plates().width}
        lit={true}
        label={`${t("alert.listed")} ${props.alert.entry.plate}`}
      />
      <p class="verify-why">
        <Show when={why()} fallback={<strong>{t("match.exactLong")}</strong>}>
          {(words) => (
            <>
              <strong>{words()}</strong> <span>{t("match.lookAlikesLong")}</span>
            </>
          )}
        </Show>
      </p>
    </section>
  );
};
