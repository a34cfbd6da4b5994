/**
 * Live: every detection as it arrives, newest first.
 * Rule: reads this device's data only; a row stays where it is while somebody reads, and a stopped picture turns grey.
 */
import type { DetectionView } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import Radio from "lucide-solid/icons/radio";
import { For, Show } from "solid-js";
import { momentLabel, spanLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { link } from "../local/sync.ts";
import { local, mayI } from "../session.ts";
import { plateAddress } from "../parts/addresses.ts";
import { Crop } from "../parts/crop.tsx";
import { createHeld } from "../parts/held.ts";
import { percentLabel } from "../parts/match-words.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes, asOfLabel } from "../parts/states.tsx";
import { vehicleLabel } from "../parts/vehicle.ts";

/** Readings below this are often one character wrong; they are shown in the colour of doubt. */
const DOUBTFUL = 0.75;

const Row = (props: { detection: DetectionView }) => {
  const plate = () => props.detection.plate.text ?? props.detection.plate.normalized;
  const delayMs = () => Date.parse(props.detection.receivedAt) - Date.parse(props.detection.detectedAt);
  const content = () => (
    <>
      <Crop detection={props.detection} decorative />
      <span class="row-body">
        <span class="row-head">
          <span class="cell-plate">
            <Show when={plate()} fallback={<span class="quiet">{t("live.noPlate")}</span>}>
              {(text) => <PlateChip text={text()} />}
            </Show>
          </span>
          <bdi class="cell-time number" dir="ltr">
            {momentLabel(props.detection.detectedAt, true)}
          </bdi>
        </span>
        <span class="cell-camera">
          <bdi class="clip">{props.detection.camera.name}</bdi>
          <Show when={props.detection.camera.area}>{(area) => <bdi class="quiet clip">{area()}</bdi>}</Show>
        </span>
        <span class="cell-vehicle clip">{vehicleLabel(props.detection)}</span>
        <span class="cell-sure number" classList={{ warn: (props.detection.plate.confidence ?? 1) < DOUBTFUL }}>
          {props.detection.plate.confidence === null ? "–" : percentLabel(props.detection.plate.confidence)}
        </span>
        <span class="cell-delay number quiet">{spanLabel(delayMs())}</span>
      </span>
    </>
  );
  return (
    <li class="live-row" classList={{ repeat: props.detection.duplicateOf !== null }}>
      <Show
        when={mayI("see_timeline") && props.detection.plate.normalized}
        fallback={<div class="live-row-body">{content()}</div>}
      >
        {(normalized) => (
          <A class="live-row-body" href={plateAddress(normalized())}>
            {content()}
          </A>
        )}
      </Show>
    </li>
  );
};

export default function LiveScreen() {
  const held = createHeld(() => local().detections.list);
  let list: HTMLDivElement | undefined;
  const release = (): void => {
    held.release();
    list?.closest("main")?.scrollTo({ top: 0 });
  };
  return (
    <Screen title={t("live.title")} class="live-main" onScroll={held.onScroll}>
      <Show when={link().kind === "offline"}>
        <p class="stale-line" role="status">
          {t("link.staleSince", { time: asOfLabel() })}
        </p>
      </Show>
      <Show when={held.waiting() > 0}>
        <button type="button" class="waiting" onClick={release}>
          {t("alerts.more", { count: held.waiting() })}
        </button>
      </Show>
      <Show
        when={held.shown().length > 0}
        fallback={
          <Show when={local().detections.ready && link().kind !== "starting"} fallback={<Shapes rows={8} />}>
            <Notice icon={<Radio aria-hidden="true" />} title={t("live.emptyTitle")} text={t("live.emptyNext")} />
          </Show>
        }
      >
        <div class="live-head" aria-hidden="true">
          <span>{t("live.crop")}</span>
          <span>{t("live.plate")}</span>
          <span>{t("live.camera")}</span>
          <span>{t("live.vehicle")}</span>
          <span class="number">{t("live.sure")}</span>
          <span class="number">{t("live.arrived")}</span>
          <span class="number">{t("live.seen")}</span>
        </div>
        <div
          class="stale-grey"
          ref={(element) => (list = element)}
          onPointerDown={() => held.onPointer()}
          onPointerMove={() => held.onPointer()}
        >
          <ul aria-label={t("live.rows")}>
            <For each={held.shown()}>{(detection) => <Row detection={detection} />}</For>
          </ul>
        </div>
      </Show>
    </Screen>
  );
}
