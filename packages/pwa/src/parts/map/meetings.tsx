/**
 * Where two plates met, beside the map.
 * Rule: a number stands here only once both ways are known, with how far back they were compared.
 */
import { type Stop, meetingsOf } from "@chaverim/contracts";
import { For, Match, Show, Switch, createDeferred, createMemo } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { m } from "../../i18n/map.ts";
import { Shapes, TroubleNotice } from "../states.tsx";
import type { Routes } from "./routes.ts";

const Found = (props: {
  ours: readonly Stop[];
  theirs: readonly Stop[];
  listedMax: number;
  onChoose: (cameraId: string) => void;
}) => {
  // Follows the slider when there is time for it.
  const compared = createDeferred(() => ({ ours: props.ours, theirs: props.theirs }));
  const meetings = createMemo(() => {
    const { ours, theirs } = compared();
    return meetingsOf(ours, theirs).map((meeting) => ({ ...meeting, stop: ours[meeting.ours] as Stop }));
  });
  return (
    <>
      <h3>{m("map.meetings", { count: meetings().length })}</h3>
      <ul class="map-stops">
        <For each={meetings().slice(-props.listedMax)}>
          {({ stop, secondsApart }) => (
            <li>
              <button type="button" onClick={() => props.onChoose(stop.cameraId)}>
                <bdi>{stop.cameraName}</bdi>
                <span class="quiet">{m("map.apart", { seconds: Math.round(secondsApart) })}</span>
                <bdi class="mono" dir="ltr">
                  {momentLabel(stop.atMs, true)}
                </bdi>
              </button>
            </li>
          )}
        </For>
      </ul>
    </>
  );
};

export const Meetings = (props: { routes: Routes; listedMax: number; onChoose: (cameraId: string) => void }) => (
  <Switch fallback={<Shapes rows={2} />}>
    <Match when={props.routes.second.answer()}>
      <Show when={props.routes.comparedSince()}>
        {(since) => <p class="warn">{m("map.comparedSince", { time: momentLabel(since()) })}</p>}
      </Show>
      <Found
        ours={props.routes.shown()}
        theirs={props.routes.otherShown()}
        listedMax={props.listedMax}
        onChoose={props.onChoose}
      />
    </Match>
    <Match when={props.routes.second.trouble()}>
      {(trouble) => (
        <TroubleNotice title={m("map.compareFailed")} trouble={trouble()} onRetry={props.routes.second.refresh} />
      )}
    </Match>
  </Switch>
);
