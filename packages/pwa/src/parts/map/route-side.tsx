/**
 * Beside the map when it shows a way: the way in words, or why there is none.
 * Rule: says what is missing for a look at a plate, and how to get it.
 */
import { Match, Show, Switch } from "solid-js";
import { m } from "../../i18n/map.ts";
import { mayI } from "../../session.ts";
import { LookClosed } from "../account/look-closed.tsx";
import { NoPermission, Shapes, TroubleNotice } from "../states.tsx";
import { RoutePanel } from "./route-panel.tsx";
import type { MapChange, Routes } from "./routes.ts";

/** @param props.onAsk changes what central is asked for */
export const RouteSide = (props: { routes: Routes; change: MapChange; onAsk: MapChange }) => (
  <Switch
    fallback={
      <Show when={props.routes.first.answer()} fallback={<Shapes rows={6} />}>
        <RoutePanel routes={props.routes} change={props.change} onAsk={props.onAsk} />
      </Show>
    }
  >
    <Match when={!mayI("see_timeline")}>
      <NoPermission title={m("map.routeWho")} text={m("map.routeWhoNext")} />
    </Match>
    <Match when={props.routes.closed()}>
      {(why) => <LookClosed why={why()} onSaid={() => props.routes.hasTrouble() && props.routes.refresh()} />}
    </Match>
    <Match when={props.routes.first.trouble()}>
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
