/**
 * One plate: where it was seen, newest first.
 * Rule: rows are loaded page by page and never counted; a scene opens only for who may see it.
 */
import type { DetectionView } from "@chaverim/contracts";
import { A, useParams } from "@solidjs/router";
import ImageIcon from "lucide-solid/icons/image";
import Plus from "lucide-solid/icons/plus";
import SearchX from "lucide-solid/icons/search-x";
import { For, Match, Show, Switch, createEffect, createSignal, on } from "solid-js";
import { ageLabel, momentLabel } from "../clock.ts";
import { t } from "../i18n/words.ts";
import { Crop } from "../parts/crop.tsx";
import { percentLabel } from "../parts/match-words.ts";
import { createOnline } from "../parts/online.ts";
import { PlateChip } from "../parts/plate-chip.tsx";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { showToast } from "../parts/toasts.tsx";
import { vehicleLabel } from "../parts/vehicle.ts";
import { mayI } from "../session.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";

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

export default function PlateScreen() {
  const params = useParams<{ plate: string }>();
  const plate = () => decodeURIComponent(params.plate);
  const first = createOnline(plate, (asked, signal) =>
    trpc.detections.recent.query({ plate: asked, limit: PAGE }, { signal }),
  );
  const [rows, setRows] = createSignal<DetectionView[]>([]);
  const [cursor, setCursor] = createSignal<string | null>(null);
  const [busy, setBusy] = createSignal(false);
  createEffect(
    on(first.answer, (page) => {
      setRows(page?.detections ?? []);
      setCursor(page?.cursor ?? null);
    }),
  );
  const more = async (): Promise<void> => {
    const from = cursor();
    if (from === null) return;
    setBusy(true);
    try {
      const page = await trpc.detections.recent.query({ plate: plate(), limit: PAGE, cursor: from });
      setRows((shown) => [...shown, ...page.detections]);
      setCursor(page.cursor);
    } catch (error) {
      showToast({ kind: "trouble", text: troubleText(troubleOf(error)) });
    }
    setBusy(false);
  };

  return (
    <Screen
      title={plate()}
      heading={<PlateChip text={plate()} lit size="large" />}
      back={`/search?q=${encodeURIComponent(plate())}`}
      class="plate-main"
    >
      <div class="section-line">
        <h2>{t("plate.sightings")}</h2>
        <Show when={mayI("write_watchlists")}>
          <A class="button" href={`/lists?add=${encodeURIComponent(plate())}`}>
            <Plus aria-hidden="true" />
            {t("plate.watch")}
          </A>
        </Show>
      </div>
      <Switch>
        <Match when={first.trouble()}>
          {(trouble) => <TroubleNotice title={t("search.failed")} trouble={trouble()} onRetry={first.refresh} />}
        </Match>
        <Match when={first.answer() === undefined}>
          <Shapes rows={6} />
        </Match>
        <Match when={rows().length === 0}>
          <Notice
            icon={<SearchX aria-hidden="true" />}
            title={t("plate.empty", { plate: plate() })}
            text={t("plate.emptyNext")}
          />
        </Match>
        <Match when={true}>
          <ul class="sightings">
            <For each={rows()}>{(detection) => <Sighting detection={detection} />}</For>
          </ul>
          <div class="list-end">
            <Show when={cursor() !== null} fallback={<p class="quiet">{t("plate.noMore")}</p>}>
              <button type="button" class="button" disabled={busy()} onClick={() => void more()}>
                {t("plate.more")}
              </button>
            </Show>
          </div>
        </Match>
      </Switch>
    </Screen>
  );
}
