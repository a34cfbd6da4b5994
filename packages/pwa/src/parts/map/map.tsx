/**
 * The map as a part of screens: Leaflet in its own file, the buttons, whose ground it is, and new readings as rings.
 * Rule: the frame stays as somebody left it until they ask for another, and one finger scrolls the page until told otherwise.
 */
import type { AlertView, DetectionView, MapCamera, MapGround, MapSource } from "@chaverim/contracts";
import Hand from "lucide-solid/icons/hand";
import Maximize from "lucide-solid/icons/maximize";
import Minus from "lucide-solid/icons/minus";
import Plus from "lucide-solid/icons/plus";
import { Show, createEffect, createSignal, on, onCleanup, onMount, untrack } from "solid-js";
import { currentMs } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { t } from "../../i18n/words.ts";
import { link } from "../../local/sync.ts";
import { language } from "../../settings.ts";
import { local } from "../../session.ts";
import { type Frame, frameOf } from "./geometry.ts";
import type { MapHandle } from "./leaflet-map.ts";
import type { Way } from "./way-layers.ts";
import "../../styles/map.css";

/** Rings at once: more of them say nothing more. */
const PULSES_AT_ONCE = 8;

/** What was seen longer ago is no news, however lately it came. */
const NEWS_MS = 60_000;

type Rows<Row> = { readonly list: readonly Row[]; readonly ready: boolean };

/** Calls `tell` with each row that was not there before and was seen just now. */
const followNew = <Row extends { id: string }>(
  rows: () => Rows<Row>,
  seenAt: (row: Row) => string | null,
  tell: (row: Row) => void,
): void => {
  let known: Set<string> | undefined;
  const isNews = (row: Row): boolean => {
    const at = seenAt(row);
    return at !== null && known?.has(row.id) === false && currentMs() - Date.parse(at) < NEWS_MS;
  };
  createEffect(() => {
    // What this device catches up with is no news.
    if (!rows().ready || link().kind === "starting") return;
    const list = rows().list;
    if (known !== undefined) for (const row of list.filter(isNews).slice(0, PULSES_AT_ONCE)) tell(row);
    known = new Set(list.map(({ id }) => id));
  });
};

export const CameraMap = (props: {
  source: MapSource;
  /** Cameras stand where they are without it as well. */
  ground: MapGround | undefined;
  isGroundMissing: boolean;
  onRetryGround: () => void;
  cameras: readonly MapCamera[];
  chosenId: string | undefined;
  /** A place in `perHour`; null shows health. */
  hour: number | null;
  ways: readonly Way[];
  /** How the cameras are is not known any more. */
  isOld: boolean;
  /** Whatever changes it asks for a new frame; the same keeps the frame. */
  frameKey: string;
  frame: Frame | null;
  onChoose: (cameraId: string) => void;
}) => {
  let element: HTMLDivElement | undefined;
  const [handle, setHandle] = createSignal<MapHandle>();
  const [areTilesMissing, setTilesMissing] = createSignal(false);
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const [isMovable, setMovable] = createSignal(!isTouch);
  let closed = false;

  const open = async (): Promise<void> => {
    const { openMap } = await import("./leaflet-map.ts");
    if (closed || element === undefined) return;
    const { source, frame } = props;
    const onChoose = (cameraId: string) => props.onChoose(cameraId);
    setHandle(openMap(element, { source, frame, onChoose, onTilesMissing: setTilesMissing }));
  };
  onMount(() => void open());
  onCleanup(() => {
    closed = true;
    handle()?.close();
  });
  /** Draws in a task of its own: a long way is understood in one and drawn in the next. */
  const draw = (act: () => void): void => {
    // Untracked: the words of a pin hold a time, and are drawn with what they tell of, not every second.
    const timer = setTimeout(() => untrack(act));
    onCleanup(() => clearTimeout(timer));
  };
  const fit = (): void => {
    if (props.frame !== null) handle()?.fit(props.frame);
  };
  // Before the pins: clusters are made for a frame. The map opens with the first.
  createEffect(on([() => props.frameKey, () => props.frame === null], () => draw(fit), { defer: true }));
  createEffect(() => {
    language();
    const map = handle();
    const shown = { cameras: props.cameras, chosenId: props.chosenId, hour: props.hour };
    draw(() => map?.showCameras(shown));
  });
  createEffect(() => {
    language();
    const [map, ways] = [handle(), props.ways];
    draw(() => map?.showWays(ways));
  });
  createEffect(() => {
    const ground = props.ground;
    if (ground !== undefined) handle()?.showGround(ground);
  });
  createEffect(() => handle()?.setMovable(isMovable()));
  followNew<AlertView>(
    () => local().alerts,
    ({ late, detection }) => (late ? null : detection.detectedAt),
    ({ detection }) => handle()?.pulse(detection.camera.id, "alert"),
  );
  followNew<DetectionView>(
    () => local().detections,
    ({ detectedAt }) => detectedAt,
    ({ camera }) => handle()?.pulse(camera.id, "detection"),
  );
  const retryGround = (): void => {
    if (props.isGroundMissing) props.onRetryGround();
    if (areTilesMissing()) handle()?.retryTiles();
  };

  return (
    <section class="map" classList={{ old: props.isOld }} aria-label={m("map.label")}>
      <div
        class="map-canvas stale-grey"
        dir="ltr"
        ref={(div) => (element = div)}
        classList={{ "has-ways": props.ways.length > 0 }}
      />
      <div class="map-buttons">
        <button type="button" class="map-button" aria-label={m("map.zoomIn")} onClick={() => handle()?.zoom(1)}>
          <Plus aria-hidden="true" />
        </button>
        <button type="button" class="map-button" aria-label={m("map.zoomOut")} onClick={() => handle()?.zoom(-1)}>
          <Minus aria-hidden="true" />
        </button>
        <button type="button" class="map-button" aria-label={m("map.fit")} onClick={fit}>
          <Maximize aria-hidden="true" />
        </button>
        <Show when={isTouch}>
          <button
            type="button"
            class="map-button"
            aria-pressed={isMovable()}
            aria-label={isMovable() ? m("map.stopMoving") : m("map.moveMap")}
            onClick={() => setMovable(!isMovable())}
          >
            <Hand aria-hidden="true" />
          </button>
        </Show>
      </div>
      <Show when={props.isGroundMissing || areTilesMissing()}>
        <p class="map-note" role="status">
          {m("map.groundFailed")}{" "}
          <button type="button" class="button quiet-button" onClick={retryGround}>
            {t("app.tryAgain")}
          </button>
        </p>
      </Show>
      <Show when={props.source.attribution}>
        <p class="map-attribution">
          <bdi>{props.source.attribution}</bdi>
        </p>
      </Show>
    </section>
  );
};

/** The frame around positions that may be unknown. */
export const frameAround = (positions: readonly ({ lat: number; lon: number } | null)[]): Frame | null =>
  frameOf(positions.filter((position) => position !== null));
