/**
 * Look before acting: the photo, the reading and the listed plate above each other at one scale.
 * Rule: a character that differs is boxed in both plates and stands under itself; nothing is drawn onto the photo.
 */
import { type AlertView, type PlateMatch, normalizePlate, understand } from "@chaverim/contracts";
import { For, Show } from "solid-js";
import { momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { type Pair, alignPlates } from "./alignment.ts";
import { Crop } from "./crop.tsx";
import { readAs, sureness, whatToMakeOf } from "./match-words.ts";

/** Units of the drawing: one character is 47 wide, a separator 34, the plate 82 high with 24 at each side. */
const CHARACTER = 47;
const SEPARATOR = 34;
const EDGE = 24;
const HEIGHT = 82;
/** A plate of seven fills the photo's width; shorter ones are not blown up beyond that scale. */
const WIDTH_LEAST = 7 * CHARACTER + 2 * EDGE;

type Cell = { text: string; left: number; width: number; marked: boolean };

/** What the listed plate is compared by: the plate itself, or the pattern with what stands for its wildcards. */
const comparedBy = (listed: string, match: PlateMatch): { text: string; normalized: string } => {
  const understood = match.kind === "pattern" ? understand(listed, "contains") : null;
  return understood?.kind === "pattern"
    ? { text: understood.pattern, normalized: understood.pattern }
    : { text: listed, normalized: normalizePlate(listed) };
};

type Unit = { text: string; isCompared: boolean };

/** `1285-67` into what is compared and what only separates; wildcards are compared. */
const inUnits = (text: string): Unit[] =>
  [...text].flatMap((character): Unit | Unit[] => {
    if (character === "?" || character === "*") return { text: character, isCompared: true };
    const counted = [...normalizePlate(character)];
    return counted.length === 0
      ? { text: character, isCompared: false }
      : counted.map((one) => ({ text: one, isCompared: true }));
  });

/**
 * Cells of the listed plate and of the reading in the listed plate's spacing, so that each character stands under its own.
 * @param listed as typed, separators kept; @param read normalised
 */
export const layOutPlates = (
  listed: string,
  read: string,
  match: PlateMatch,
): { listed: Cell[]; read: Cell[]; width: number } => {
  const { text, normalized } = comparedBy(listed, match);
  const rows: { listed: Cell[]; read: Cell[] } = { listed: [], read: [] };
  let left = EDGE;
  const put = (above: string, below: string, width: number, marked: boolean): void => {
    rows.listed.push({ text: above, left, width, marked });
    rows.read.push({ text: below, left, width, marked });
    left += width;
  };
  const pairs = alignPlates(normalized, read, match);
  const putPairs = (until: (pair: Pair) => boolean): void => {
    for (let pair = pairs.shift(); pair !== undefined; pair = pairs.shift()) {
      put(pair.listed, pair.read, CHARACTER, pair.differs);
      if (until(pair)) return;
    }
  };
  for (const unit of inUnits(text)) {
    if (unit.isCompared) putPairs((pair) => pair.listed !== "");
    else put(unit.text, unit.text, SEPARATOR, false);
  }
  putPairs(() => false);
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
  const plates = () => layOutPlates(props.alert.entry.plate, read(), props.alert.match);
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
              <strong>{words()}</strong> <span>{whatToMakeOf(props.alert.match)}</span>
            </>
          )}
        </Show>
      </p>
    </section>
  );
};
