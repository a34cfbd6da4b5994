/**
 * The map: cameras and their health, counts by hour, and the way of one plate or of two.
 * Rule: the fragment of the address is the state, looks at plates carry a purpose, and the list says what the map says.
 */
import { type MapCamera, normalizePlate } from "@chaverim/contracts";
import { useNavigate } from "@solidjs/router";
import MapPin from "lucide-solid/icons/map-pin";
import { Match, Show, Switch, createEffect, createMemo, createSignal, on } from "solid-js";
import { currentMs, momentLabel } from "../clock.ts";
import { m } from "../i18n/map.ts";
import { link } from "../local/sync.ts";
import { LookClosed, closedBefore, closedBy } from "../parts/account/look-closed.tsx";
import { PurposeBar, createPurpose } from "../parts/account/purpose-bar.tsx";
import { addressOf } from "../parts/addresses.ts";
import { createFragment } from "../parts/fragment.ts";
import { CameraList } from "../parts/map/camera-list.tsx";
import { HoursSlider, hourStart } from "../parts/map/hours-slider.tsx";
import type { Way } from "../parts/map/leaflet-map.ts";
import { type MapData, createMapData } from "../parts/map/map-data.ts";
import { CameraMap, frameAround } from "../parts/map/map.tsx";
import { MEETING_MS, type RouteStop, drawnLegs, drawnStops, stopsWithin } from "../parts/map/route-drawing.ts";
import { RoutePanel } from "../parts/map/route-panel.tsx";
import { createOnline } from "../parts/online.ts";
import { Screen } from "../parts/screen.tsx";
import { filtersOf, minuteOf } from "../parts/search/question.ts";
import { NoPermission, Notice, Shapes, TroubleNotice } from "../parts/states.tsx";
import { mayI } from "../session.ts";
import { trpc } from "../trpc.ts";

type Name = "plate" | "with" | "from" | "to" | "camera" | "hour";
type State = Readonly<Partial<Record<Name, string>>>;
type Change = (next: Readonly<Partial<Record<Name, string | undefined>>>) => void;

const HOURS = 24;
const HOUR_MS = 3_600_000;
const hourOf = (state: State): number | null => {
  const hour = !state.hour ? Number.NaN : Number(state.hour);
  return Number.isInteger(hour) && hour >= 0 && hour < HOURS ? hour : null;
};

/** The times of the address, for central; what is not understood is not asked. */
const timesOf = ({ from, to }: State) => {
  const filters = filtersOf({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
  return { ...(filters.from && { from: filters.from }), ...(filters.to && { to: filters.to }) };
};

type Route = { stops: RouteStop[]; truncated: boolean };
const NO_STOPS: readonly RouteStop[] = [];

const wayOf = (stops: readonly RouteStop[]): Way => ({ legs: drawnLegs(stops), stops: drawnStops(stops) });

/** The ways that the address asks for, and what of them the slider lets through. */
const createRoutes = (state: () => State) => {
  const plate = () => normalizePlate(state().plate ?? "");
  const other = () => normalizePlate(state().with ?? "");
  const wanted = () => (plate() !== "" && mayI("see_timeline") && closedBefore() === null ? plate() : null);
  const purpose = createPurpose(wanted);
  const read = (name: () => string) =>
    createOnline<string, Route>(
      () =>
        wanted() !== null && name() !== "" && purpose.isSettled() === true
          ? JSON.stringify({ plate: name(), ...timesOf(state()) })
          : null,
      (question, signal) => trpc.plates.route.query(JSON.parse(question), { signal }),
    );
  const [first, second] = [read(plate), read(other)];
  const stops = () => first.answer()?.stops ?? NO_STOPS;
  const [range, setRange] = createSignal<readonly [number, number]>([0, 0]);
  createEffect(on(stops, (all) => setRange([0, Math.max(0, all.length - 1)])));
  const shown = createMemo(() => stops().slice(range()[0], range()[1] + 1));
  const otherShown = createMemo(() => {
    const [from, to] = [shown()[0], shown().at(-1)];
    const all = second.answer()?.stops ?? NO_STOPS;
    return from === undefined || to === undefined
      ? all
      : stopsWithin(all, Date.parse(from.at) - MEETING_MS, Date.parse(to.at) + MEETING_MS);
  });
  const ways = createMemo((): Way[] => {
    if (plate() === "") return [];
    return other() === "" ? [wayOf(shown())] : [wayOf(shown()), wayOf(otherShown())];
  });
  const trouble = () => first.trouble() ?? second.trouble();
  const closed = () =>
    plate() === ""
      ? null
      : (closedBy(trouble()) ?? closedBefore() ?? (purpose.isSettled() === false ? "purpose_needed" : null));
  const refresh = (): void => {
    first.refresh();
    second.refresh();
  };
  return { plate, other, purpose, first, stops, shown, otherShown, range, setRange, ways, trouble, closed, refresh };
};
type Routes = ReturnType<typeof createRoutes>;

const RouteSide = (props: { routes: Routes; change: Change }) => (
  <Switch
    fallback={
      <Show when={props.routes.first.answer()} fallback={<Shapes rows={6} />}>
        {(route) => (
          <RoutePanel
            plate={props.routes.plate()}
            other={props.routes.other() || undefined}
            stops={props.routes.stops()}
            shown={props.routes.shown()}
            otherShown={props.routes.otherShown()}
            truncated={route().truncated}
            range={props.routes.range()}
            onRange={props.routes.setRange}
            onChoose={(camera) => props.change({ camera })}
            onCompare={(plate) => props.change({ with: plate && normalizePlate(plate) })}
          />
        )}
      </Show>
    }
  >
    <Match when={!mayI("see_timeline")}>
      <NoPermission title={m("map.routeWho")} text={m("map.routeWhoNext")} />
    </Match>
    <Match when={props.routes.closed()}>
      {(why) => <LookClosed why={why()} onSaid={() => props.routes.trouble() && props.routes.refresh()} />}
    </Match>
    <Match when={props.routes.trouble()}>
      {(trouble) => (
        <TroubleNotice
          title={trouble().code === "offline" ? m("map.routeOffline") : m("map.routeFailed")}
          trouble={trouble()}
          onRetry={props.routes.refresh}
        />
      )}
    </Match>
  </Switch>
);

const Ground = (props: { data: MapData; state: State; change: Change; routes: Routes }) => {
  const navigate = useNavigate();
  const cameras = (): readonly MapCamera[] => props.data.known()?.cameras ?? [];
  const hour = () => (props.routes.plate() === "" ? hourOf(props.state) : null);
  const frame = createMemo(() => {
    const stops = [...props.routes.stops()].map(({ position }) => position);
    return frameAround(stops.some((position) => position !== null) ? stops : cameras().map(({ position }) => position));
  });
  const choose = (camera: string): void => {
    const shownHour = hour();
    if (shownHour === null || !mayI("see_timeline")) return props.change({ camera });
    const start = hourStart(shownHour, HOURS, currentMs());
    navigate(addressOf("/search", { cameras: camera, from: minuteOf(start), to: minuteOf(start + HOUR_MS) }));
  };
  return (
    <div class="map-body">
      <Show when={props.data.known() && props.data.ground()} fallback={<div class="map" />}>
        {(ground) => (
          <CameraMap
            source={props.data.known()?.source ?? { kind: "builtin", attribution: "" }}
            ground={ground()}
            shown={{ cameras: cameras(), chosenId: props.state.camera, hour: hour(), ways: props.routes.ways() }}
            frameKey={`${props.routes.plate()} ${props.routes.stops().length > 0}`}
            frame={frame()}
            onChoose={choose}
          />
        )}
      </Show>
      <section class="map-side" aria-label={m("map.choose")}>
        <Show when={link().kind === "offline" && props.data.asOf()}>
          {(asOf) => <p class="warn">{m("map.keptAsOf", { time: momentLabel(asOf()) })}</p>}
        </Show>
        <Show when={props.routes.plate() !== ""}>
          <RouteSide routes={props.routes} change={props.change} />
        </Show>
        <Show when={props.routes.plate() === ""}>
          <HoursSlider
            hours={HOURS}
            hour={hour()}
            onChange={(next) => props.change({ hour: next === null ? undefined : String(next) })}
          />
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
            chosenId={props.state.camera}
            onChoose={(camera) => props.change({ camera })}
          />
        </Show>
      </section>
    </div>
  );
};

export default function MapScreen() {
  const { state, change } = createFragment<Name>();
  const data = createMapData();
  const routes = createRoutes(state);
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
          <Ground data={data} state={state()} change={(next) => change(next, { replace: true })} routes={routes} />
        </Match>
      </Switch>
    </Screen>
  );
}
