/**
 * One detection in a row: its crop, the camera, the time, what the camera said, and what a person said of it.
 * Rule: the reading stays as the camera gave it, and a correction stands beside it with its author. Each row can be reached
 * by the keys of the list: by its plate's link, or as a whole where it has none.
 */
import type { DetectionView } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { Show } from "solid-js";
import { clockSeconds, dateLabel, momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { t } from "../../i18n/words.ts";
import { mayI } from "../../session.ts";
import { plateAddress } from "../addresses.ts";
import { Crop } from "../crop.tsx";
import { percentLabel } from "../match-words.ts";
import { PlateChip } from "../plate-chip.tsx";
import { CorrectIcon, SceneIcon } from "../row-icons.tsx";
import { directionLabel, vehicleLabel } from "../vehicle.ts";

/** `white van · towards the camera · 96 % sure` */
const aboutDetection = (detection: DetectionView): string =>
  [
    vehicleLabel(detection),
    detection.vehicle?.direction ? directionLabel(detection.vehicle.direction) : "",
    detection.plate.confidence === null
      ? ""
      : t("match.sureShort", { percent: percentLabel(detection.plate.confidence) }),
    detection.duplicateOf === null ? "" : w("sighting.repeat"),
    detection.clockSuspect ? w("sighting.clock") : "",
  ]
    .filter((words) => words !== "")
    .join(" · ");

/** What a plate is taken for now: a person's word before the camera's. */
const standingPlate = (detection: DetectionView): string | null =>
  detection.corrected?.plate ?? detection.plate.normalized;

const PlateOf = (props: { detection: DetectionView }) => (
  <Show when={standingPlate(props.detection)} fallback={<span class="quiet">{t("live.noPlate")}</span>}>
    {(plate) => {
      const text = () => (props.detection.corrected === null ? (props.detection.plate.text ?? plate()) : plate());
      return (
        <Show when={mayI("see_timeline")} fallback={<PlateChip text={text()} size="small" />}>
          <A href={plateAddress(plate())} data-hit={plate()}>
            <PlateChip text={text()} size="small" />
          </A>
        </Show>
      );
    }}
  </Show>
);

/**
 * @param props.withPlate where rows are of different plates
 * @param props.withDay where no heading says the day
 * @param props.onCorrect without it there is no button
 */
export const Sighting = (props: {
  detection: DetectionView;
  withPlate?: boolean;
  withDay?: boolean;
  onCorrect?: ((detection: DetectionView) => void) | undefined;
}) => {
  const moment = () =>
    props.withDay ? momentLabel(props.detection.detectedAt, true) : clockSeconds(props.detection.detectedAt);
  /** Day and time whatever day it is: a label that depends on today would be made anew every second, in every row. */
  const named = `${dateLabel(props.detection.detectedAt)} ${clockSeconds(props.detection.detectedAt)}`;
  const isLink = () => props.withPlate === true && standingPlate(props.detection) !== null && mayI("see_timeline");
  return (
    <div
      class="sighting"
      data-hit={isLink() ? undefined : (standingPlate(props.detection) ?? "")}
      tabindex={isLink() ? undefined : -1}
      // A row of a long list is cut at its edges: the ring of the focus lies within.
      style={{ "outline-offset": "-3px" }}
    >
      <Crop detection={props.detection} decorative />
      <div class="sighting-text">
        <p class="sighting-line">
          <bdi class="at">{moment()}</bdi>
          <Show when={props.withPlate}>
            <PlateOf detection={props.detection} />
          </Show>
          <bdi class="clip">{props.detection.camera.name}</bdi>
        </p>
        <Show when={props.detection.corrected}>
          {(corrected) => (
            <p class="clip warn">
              {w("sighting.corrected", {
                read: props.detection.plate.text ?? w("sighting.nothing"),
                name: corrected().by,
              })}
            </p>
          )}
        </Show>
        <p class="quiet clip">{aboutDetection(props.detection)}</p>
      </div>
      <Show when={props.detection.images.full} fallback={<span class="target-space" />}>
        {(source) => (
          <a
            class="target"
            href={source()}
            target="_blank"
            rel="noreferrer"
            aria-label={t("alert.sceneAlt", {
              camera: props.detection.camera.name,
              time: named,
            })}
          >
            <SceneIcon />
          </a>
        )}
      </Show>
      <Show when={props.onCorrect}>
        {(onCorrect) => (
          <button
            type="button"
            class="target"
            aria-label={w("correct.button", { time: named })}
            onClick={() => onCorrect()(props.detection)}
          >
            <CorrectIcon />
          </button>
        )}
      </Show>
    </div>
  );
};
