/**
 * The map: cameras and their health, counts by hour, and the way of one plate or of two.
 * Rule: the fragment of the address is the state, looks at plates carry a purpose, and the list says what the map says.
 */
import type { MapCamera } from "@chaverim/contracts";
import { useNavigate } from "@solidjs/router";
import MapPin from "lucide-solid/icons/map-pin";
import { Match, Show, Switch, createMemo } from "solid-js";
import { currentMs } from "../clock.ts";
import { m } from "../i18n/map.ts";
import { PurposeBar } from "../parts/account/purpose-bar.tsx";
import { createFragment } from "../parts/fragment.ts";
import { CameraList, seenAddress } from "../parts/map/camera-list.tsx";
import { HOUR_MS, HoursSlider, hourPlace, hourStart } from "../parts/map/hours-slider.tsx";
import { type MapData, createMapData } from "../parts/map/map-data.ts";
import { CameraMap, frameAround } from "../parts/map/map.tsx";
import { OldNotice } from "../parts/map/old-notice.tsx";
import { RouteSide } from "../parts/map/route-side.tsx";
import { type MapChange, type MapName, type MapState, type Routes, createRoutes } from "../parts/map/routes.ts";
import { Screen } from "../parts/screen.tsx";
import { Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { mayI } from "../session.ts";
import "../styles/map-side.css";

const HOURS = 24;

type Parts = {
  data: MapData;
  state: MapState;
  change: MapChange;
  /** The same, and Back goes to what was before. */
  onAsk: MapChange;
  routes: Routes;
};

const Ground = (props: Parts) => {
  const navigate = useNavigate();
  const cameras = (): readonly MapCamera[] => props.data.known()?.cameras ?? [];
  const asOf = () => props.data.asOf() ?? currentMs();
  const hour = createMemo(() => (props.routes.plate() === "" ? hourPlace(props.state.hour, HOURS, asOf()) : null));
  const frame = createMemo(() => {
    const onTheWay = props.routes.positions();
    const isWayPlaced = onTheWay.some((position) => position !== null);
    return frameAround(isWayPlaced ? onTheWay : cameras().map(({ position }) => position));
  });
  const choose = (camera: string): void => {
    const shownHour = hour();
    if (shownHour === null || !mayI("see_timeline")) return props.change({ camera });
    const start = hourStart(shownHour, HOURS, asOf());
    navigate(seenAddress(camera, start, start + HOUR_MS));
  };
  const chooseHour = (place: number | null): void =>
    props.change({ hour: place === null ? undefined : new Date(hourStart(place, HOURS, asOf())).toISOString() });
  return (
    <div class="map-body">
      <Show when={props.data.known()} fallback={<div class="map" />}>
        {(known) => (
          <CameraMap
            source={known().source}
            ground={props.data.ground()}
            isGroundMissing={props.data.isGroundMissing()}
            onRetryGround={props.data.refreshGround}
            cameras={cameras()}
            chosenId={props.state.camera}
            hour={hour()}
            ways={props.routes.ways()}
            isOld={props.data.oldSince() !== undefined}
            frameKey={props.routes.frameKey()}
            frame={frame()}
            onChoose={choose}
          />
        )}
      </Show>
      <section class="map-side" aria-label={m("map.choose")}>
        <OldNotice data={props.data} />
        <Show when={props.routes.plate() !== ""}>
          <RouteSide routes={props.routes} change={props.change} onAsk={props.onAsk} />
        </Show>
        <Show when={props.routes.plate() === ""}>
          <HoursSlider hours={HOURS} hour={hour()} asOf={asOf()} onChange={chooseHour} />
        </Show>
        <Show
          when={cameras().length > 0}
          fallback={
            <Show when={props.data.known()} fallback={<Shapes rows={8} />}>
              <Notice icon={<MapPin aria-hidden="true" />} title={m("map.empty")} text={m("map.emptyNext")} />
            </Show>
          }
        >
          <CameraList
            cameras={cameras()}
            asOf={asOf()}
            hour={hour()}
            chosenId={props.state.camera}
            onChoose={(camera) => props.change({ camera })}
          />
        </Show>
      </section>
    </div>
  );
};

export default function MapScreen() {
  const { state, change } = createFragment<MapName>();
  const data = createMapData();
  const replace: MapChange = (next) => change(next, { replace: true });
  const routes = createRoutes(state, replace);
  return (
    <Screen title={m("map.title")} class="map-main">
      <Show when={routes.plate() !== ""}>
        <PurposeBar purpose={routes.purpose} />
      </Show>
      <Switch>
        <Match when={data.known() === undefined && data.trouble()}>
          {(trouble) => <TroubleNotice title={m("map.failed")} trouble={trouble()} onRetry={data.refresh} />}
        </Match>
        <Match when={true}>
          <Ground data={data} state={state()} change={replace} onAsk={change} routes={routes} />
        </Match>
      </Switch>
    </Screen>
  );
}
