/**
 * What this device finds while central is away.
 * Rule: says what it looked through and as of when; a look without a line is written down here.
 */
import SearchX from "lucide-solid/icons/search-x";
import { For, Show, createEffect, createMemo, on } from "solid-js";
import { w } from "../../i18n/search.ts";
import { local, lookedOffline } from "../../session.ts";
import { Notice, asOfLabel } from "../states.tsx";
import { Hits } from "./hits.tsx";
import { findKept, searchKept } from "./kept.ts";
import type { Asked } from "./question.ts";
import { Sighting } from "./sighting.tsx";

const KeptLine = (props: { filters: { listed?: boolean | undefined } }) => (
  <p class="stale-line" role="status">
    {w("kept.searched", { time: asOfLabel() })}
    <Show when={props.filters.listed !== undefined}> {w("kept.listedUnknown")}</Show>
  </p>
);

const KeptNone = () => (
  <Notice icon={<SearchX aria-hidden="true" />} title={w("kept.none")} text={w("kept.noneNext")} />
);

export const KeptPlates = (props: { asked: Extract<Asked, { kind: "plates" }> }) => {
  const pattern = () => (props.asked.understood.kind === "pattern" ? props.asked.understood.pattern : undefined);
  // A part of a plate is told with its `*`, or the access log would hold it for a plate.
  const told = () => (props.asked.way === "contains" && pattern()) || props.asked.text;
  createEffect(on(told, (text) => lookedOffline("detections.recent", text)));
  const hits = createMemo(() =>
    searchKept(local().detections.list, props.asked).map((hit) => ({ ...hit, pattern: pattern() })),
  );
  return (
    <>
      <KeptLine filters={props.asked.filters} />
      <Show when={hits().length > 0} fallback={<KeptNone />}>
        <Hits hits={hits()} busy={false} />
      </Show>
    </>
  );
};

export const KeptDetections = (props: { asked: Extract<Asked, { kind: "detections" }> }) => {
  createEffect(() => lookedOffline("detections.recent", ""));
  const found = createMemo(() => findKept(local().detections.list, props.asked));
  return (
    <>
      <KeptLine filters={props.asked.filters} />
      <Show when={found().length > 0} fallback={<KeptNone />}>
        <ul class="sightings">
          <For each={found()}>
            {(detection) => (
              <li>
                <Sighting detection={detection} withPlate withDay />
              </li>
            )}
          </For>
        </ul>
      </Show>
    </>
  );
};
