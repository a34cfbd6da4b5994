/**
 * One alert with everything that can be done about it: head, detail, acts.
 * Rule: shown without a line it is a look that only this device knows of, so it is written down here.
 */
import type { AlertView } from "@chaverim/contracts";
import { Show, createEffect } from "solid-js";
import { link } from "../local/sync.ts";
import { lookedOffline } from "../session.ts";
import { AlertActs } from "./alert-acts.tsx";
import { AlertDetail } from "./alert-panel.tsx";
import { AlertStatePill } from "./alert-state.tsx";
import { PriorityMark } from "./priority-mark.tsx";

/** @param headless the screen's own bar names the alert */
export const AlertInHand = (props: { alert: AlertView; headless?: boolean }) => {
  const written = new Set<string>();
  createEffect(() => {
    const { id, entry } = props.alert;
    if (link().kind !== "offline" || written.has(id)) return;
    written.add(id);
    lookedOffline("alerts.since", entry.plate);
  });
  return (
    <>
      <Show when={!props.headless}>
        <div class="alert-side-head">
          <PriorityMark priority={props.alert.priority} />
          <h2>
            <bdi>{props.alert.watchlist.name}</bdi>
          </h2>
          <AlertStatePill alert={props.alert} />
        </div>
      </Show>
      <div class="alert-side-scroll">
        <AlertDetail alert={props.alert} />
      </div>
      <AlertActs alert={props.alert} />
    </>
  );
};
