/**
 * Plates that fit, the likeliest first.
 * Rule: every row says why it is there and marks the characters that differ; a row leads to the plate for who may see it.
 */
import type { PlateHit } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import { For, type JSX, Show } from "solid-js";
import { momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { mayI } from "../../session.ts";
import { plateAddress } from "../addresses.ts";
import { unknownPlaces } from "../alignment.ts";
import { Crop } from "../crop.tsx";
import { PlateChip } from "../plate-chip.tsx";
import { PriorityMark } from "../priority-mark.tsx";
import { vehicleLabel } from "../vehicle.ts";
import { WhyChips } from "../why-chip.tsx";
import { writtenAs } from "../written-as.ts";

/** A hit with the pattern that it fits, if it was found by one. */
export type Found = PlateHit & { pattern?: string | undefined };

const HitBody = (props: { plate: string; children: JSX.Element }) => (
  <Show when={mayI("see_timeline")} fallback={<div class="hit">{props.children}</div>}>
    <A class="hit" href={plateAddress(props.plate)} data-hit={props.plate}>
      {props.children}
    </A>
  </Show>
);

const Hit = (props: { hit: Found }) => (
  <li>
    <HitBody plate={props.hit.plate}>
      <Show when={props.hit.latest} fallback={<span class="crop" />}>
        {(detection) => <Crop detection={detection()} decorative />}
      </Show>
      <span class="row-body">
        <span class="row-head">
          <span class="cell-plate">
            <PlateChip
              text={writtenAs(props.hit.plate, props.hit.latest)}
              differences={props.hit.match.differences}
              open={props.hit.pattern === undefined ? [] : unknownPlaces(props.hit.pattern, props.hit.plate)}
            />
          </span>
          <span class="cell-list">
            <Show
              when={props.hit.listed}
              fallback={
                <span class="quiet only-desk">
                  <span aria-hidden="true">–</span>
                  <span class="unseen">{w("search.notListed")}</span>
                </span>
              }
            >
              {(priority) => <PriorityMark priority={priority()} />}
            </Show>
          </span>
        </span>
        <span class="cell-why">
          <WhyChips match={props.hit.match} pattern={props.hit.pattern} />
        </span>
        <span class="row-head">
          <span class="cell-seen">
            <bdi class="at">{momentLabel(props.hit.lastSeen, true)}</bdi>
            <Show when={props.hit.latest}>{(latest) => <bdi class="quiet clip">{latest().camera.name}</bdi>}</Show>
          </span>
          <span class="cell-count number">
            <span class="only-phone">{w("search.sightingsCount", { count: props.hit.sightings })}</span>
            <span class="only-desk">{props.hit.sightings}</span>
          </span>
        </span>
        <span class="cell-vehicle clip">{props.hit.latest === null ? "" : vehicleLabel(props.hit.latest)}</span>
      </span>
    </HitBody>
  </li>
);

export const Hits = (props: { hits: readonly Found[]; busy: boolean }) => (
  <>
    <div class="hit-head" aria-hidden="true">
      <span>{w("search.crop")}</span>
      <span>{w("search.plate")}</span>
      <span>{w("search.why")}</span>
      <span>{w("search.lastSeen")}</span>
      <span class="number">{w("search.sightings")}</span>
      <span>{w("search.vehicle")}</span>
      <span>{w("search.list")}</span>
    </div>
    <ul class="hits" aria-label={w("search.results")} aria-busy={props.busy}>
      <For each={props.hits}>{(hit) => <Hit hit={hit} />}</For>
    </ul>
  </>
);
