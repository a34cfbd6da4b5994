/**
 * One plate: where it was seen, newest first; without a line, what this device keeps of it.
 * Rule: rows are loaded page by page and never counted; a scene opens only for who may see it; a look without a line is
 * written down here.
 */
import type { DetectionView } from "@chaverim/contracts";
import { A, useParams } from "@solidjs/router";
import Eye from "lucide-solid/icons/eye";
import ImageIcon from "lucide-solid/icons/image";
import Plus from "lucide-solid/icons/plus";
import SearchX from "lucide-solid/icons/search-x";
import { For, Match, Show, Switch, createEffect, on } from "solid-js";
import { ageLabel, momentLabel } from "../clock.ts";
import { w } from "../i18n/account.ts";
import { t } from "../i18n/words.ts";
import { link } from "../local/sync.ts";
import { LookClosed, closedBefore, closedBy } from "../parts/account/look-closed.tsx";
import { PurposeBar, createPurpose } from "../parts/account/purpose-bar.tsx";
import { Crop } from "../parts/crop.tsx";
import { percentLabel } from "../parts/match-words.ts";
import { createPages } from "../parts/pages.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { Screen } from "../parts/screen.tsx";
import { NoPermission, Notice, Shapes, TroubleNotice, asOfLabel } from "../parts/states.tsx";
import { vehicleLabel } from "../parts/vehicle.ts";
import { local, lookedOffline, mayI } from "../session.ts";
import { trpc } from "../trpc.ts";

/** A page of sightings: two screens of a desktop. */
const PAGE = 40;

/** `white van · 96 % sure` */
const aboutSighting = (detection: DetectionView): string =>
  [
    vehicleLabel(detection),
    detection.plate.confidence === null
      ? ""
      : t("match.sureShort", { percent: percentLabel(detection.plate.confidence) }),
  ]
    .filter((words) => words !== "")
    .join(" · ");

const Sighting = (props: { detection: DetectionView }) => (
  <li class="sighting">
    <Crop detection={props.detection} />
    <span class="cell-camera">
      <bdi class="clip">{props.detection.camera.name}</bdi>
      <span class="quiet clip">{aboutSighting(props.detection)}</span>
    </span>
    <span class="cell-seen">
      <bdi class="at">{momentLabel(props.detection.detectedAt, true)}</bdi>
      <span class="quiet">{ageLabel(props.detection.detectedAt)}</span>
    </span>
    <Show when={props.detection.images.full} fallback={<span class="target-space" />}>
      {(source) => (
        <a
          class="target"
          href={source()}
          target="_blank"
          rel="noreferrer"
          aria-label={t("alert.sceneAlt", {
            camera: props.detection.camera.name,
            time: momentLabel(props.detection.detectedAt, true),
          })}
        >
          <ImageIcon aria-hidden="true" />
        </a>
      )}
    </Show>
  </li>
);

/** What this device holds of a plate, while central is away. */
const KeptSightings = (props: { plate: string }) => {
  const kept = () => local().detections.list.filter((detection) => detection.plate.normalized === props.plate);
  createEffect(
    on(
      () => props.plate,
      (plate) => lookedOffline("detections.recent", plate),
    ),
  );
  return (
    <>
      <p class="stale-line" role="status">
        {w("plate.kept", { time: asOfLabel() })}
      </p>
      <Show
        when={kept().length > 0}
        fallback={
          <Notice icon={<SearchX aria-hidden="true" />} title={w("plate.keptNone")} text={w("plate.keptNoneNext")} />
        }
      >
        <ul class="sightings">
          <For each={kept()}>{(detection) => <Sighting detection={detection} />}</For>
        </ul>
      </Show>
    </>
  );
};

const Sightings = (props: { plate: string }) => {
  const purpose = createPurpose(() => (closedBefore() === null ? props.plate : null));
  const pages = createPages(
    () => (purpose.isSettled() === true && closedBefore() !== "training_needed" ? props.plate : null),
    async (plate, cursor: string | undefined, signal) => {
      const page = await trpc.detections.timeline.query(
        { plate, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
        { signal },
      );
      return { items: page.detections, cursor: page.cursor };
    },
  );
  const { first } = pages;
  const closed = () =>
    closedBy(first.trouble()) ??
    (closedBefore() === "training_needed" ? "training_needed" : null) ??
    (purpose.isSettled() === false ? "purpose_needed" : null);
  const isAway = () => first.trouble()?.code === "offline" || (link().kind === "offline" && !first.answer());
  return (
    <>
      <PurposeBar purpose={purpose} />
      <div class="section-line">
        <h2>{t("plate.sightings")}</h2>
        <Show when={mayI("read_log")}>
          <A class="button" href={`/access-log?plate=${encodeURIComponent(props.plate)}`}>
            <Eye aria-hidden="true" />
            {w("plate.whoLooked")}
          </A>
        </Show>
        <Show when={mayI("write_watchlists")}>
          <A class="button" href={`/lists?add=${encodeURIComponent(props.plate)}`}>
            <Plus aria-hidden="true" />
            {t("plate.watch")}
          </A>
        </Show>
      </div>
      <Switch>
        <Match when={closed()}>
          {(why) => <LookClosed why={why()} onSaid={() => first.trouble() && first.refresh()} />}
        </Match>
        <Match when={isAway()}>
          <KeptSightings plate={props.plate} />
        </Match>
        <Match when={first.trouble()}>
          {(trouble) => <TroubleNotice title={t("search.failed")} trouble={trouble()} onRetry={first.refresh} />}
        </Match>
        <Match when={first.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={pages.items().length === 0}>
          <Notice
            icon={<SearchX aria-hidden="true" />}
            title={t("plate.empty", { plate: props.plate })}
            text={t("plate.emptyNext")}
          />
        </Match>
        <Match when={true}>
          <ul class="sightings">
            <For each={pages.items()}>{(detection) => <Sighting detection={detection} />}</For>
          </ul>
          <div class="list-end">
            <Show when={pages.cursor() !== null} fallback={<p class="quiet">{t("plate.noMore")}</p>}>
              <button type="button" class="button" disabled={pages.busy()} onClick={() => void pages.more()}>
                {t("plate.more")}
              </button>
            </Show>
          </div>
        </Match>
      </Switch>
    </>
  );
};

export default function PlateScreen() {
  const params = useParams<{ plate: string }>();
  const plate = () => decodeURIComponent(params.plate);
  return (
    <Screen
      title={plate()}
      heading={<PlateChip text={plate()} lit size="large" />}
      back={`/search?q=${encodeURIComponent(plate())}`}
      class="plate-main"
    >
      <Show when={mayI("see_timeline")} fallback={<NoPermission title={w("plate.who")} text={w("plate.whoNext")} />}>
        <Sightings plate={plate()} />
      </Show>
    </Screen>
  );
}
