/**
 * The map as a part of screens: Leaflet in its own file, the buttons, whose ground it is, and new readings as rings.
 * Rule: the frame stays as somebody left it until they ask for another, and one finger scrolls the page until told otherwise.
 */
import type { AlertView, DetectionView, MapGround, MapSource } from "@chaverim/contracts";
import Hand from "lucide-solid/icons/hand";
import Maximize from "lucide-solid/icons/maximize";
import Minus from "lucide-solid/icons/minus";
import Plus from "lucide-solid/icons/plus";
import { Show, createEffect, createSignal, on, onCleanup, onMount, untrack } from "solid-js";
import { m } from "../../i18n/map.ts";
import { link } from "../../local/sync.ts";
import { language } from "../../settings.ts";
import { local } from "../../session.ts";
import { type Frame, frameOf } from "./geometry.ts";
import type { MapHandle, Shown } from "./leaflet-map.ts";
import "../../styles/map.css";

/** Rings at once: more of them say nothing more. */
const PULSES_AT_ONCE = 8;

/** Calls `tell` with the camera of each row that was not there before. */
const followNew = <Row extends { id: string }>(
  rows: () => { readonly list: readonly Row[]; readonly ready: boolean },
  cameraOf: (row: Row) => string,
  tell: (cameraId: string) => void,
): void => {
  let known: Set<string> | undefined;
  createEffect(() => {
    // What this device catches up with is no news.
    if (!rows().ready || link().kind === "starting") return;
    const list = rows().list;
    if (known !== undefined)
      for (const row of list.filter(({ id }) => known?.has(id) === false).slice(0, PULSES_AT_ONCE)) tell(cameraOf(row));
    known = new Set(list.map(({ id }) => id));
  });
};

export const CameraMap = (props: {
  source: MapSource;
  ground: MapGround;
  shown: Shown;
  /** Whatever changes it asks for a new frame; the same keeps the frame. */
  frameKey: string;
  frame: Frame | null;
  onChoose: (cameraId: string) => void;
}) => {
  let element: HTMLDivElement | undefined;
  const [handle, setHandle] = createSignal<MapHandle>();
  const [isGroundMissing, setGroundMissing] = createSignal(false);
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const [isMovable, setMovable] = createSignal(!isTouch);
  let closed = false;

  const open = async (): Promise<void> => {
    const { openMap } = await import("./leaflet-map.ts");
    if (closed || element === undefined) return;
    const { source, ground } = props;
    const onChoose = (cameraId: string) => props.onChoose(cameraId);
    setHandle(openMap(element, { source, ground, onChoose, onGroundMissing: () => setGroundMissing(true) }));
  };
  onMount(() => void open());
  onCleanup(() => {
    closed = true;
    handle()?.close();
  });
  const fit = (): void => {
    if (props.frame !== null) handle()?.fit(props.frame);
  };
  // Before the pins: clusters are made for a frame.
  createEffect(on([handle, () => props.frameKey, () => props.frame === null], fit));
  createEffect(() => {
    language();
    const [open, { cameras, chosenId, hour, ways }] = [handle(), props.shown];
    // Untracked: the words of a pin hold a time, and are drawn with what they tell of, not every second.
    // A task of its own: a long way is understood in one and drawn in the next.
    const timer = setTimeout(() => untrack(() => open?.show({ cameras, chosenId, hour, ways })));
    onCleanup(() => clearTimeout(timer));
  });
  createEffect(() => handle()?.setMovable(isMovable()));
  followNew<AlertView>(
    () => local().alerts,
    (alert) => alert.detection.camera.id,
    (id) => handle()?.pulse(id, "alert"),
  );
  followNew<DetectionView>(
    () => local().detections,
    (detection) => detection.camera.id,
    (id) => handle()?.pulse(id, "detection"),
  );

  return (
    <section class="map" aria-label={m("map.label")}>
      <div
        class="map-canvas"
        dir="ltr"
        ref={(div) => (element = div)}
        classList={{ "has-ways": props.shown.ways.length > 0 }}
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
      <Show when={isGroundMissing()}>
        <p class="map-note" role="status">
          {m("map.groundFailed")}
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
