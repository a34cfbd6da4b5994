/**
 * Two plates beside each other, by day, and where they met.
 * Rule: compared as far back as both are known; what lies before is not called "never met".
 */
import type { DetectionView } from "@chaverim/contracts";
import { A } from "@solidjs/router";
import Users from "lucide-solid/icons/users";
import X from "lucide-solid/icons/x";
import { Match, Show, Switch, createMemo } from "solid-js";
import { clockSeconds, dayLabel, momentLabel } from "../../clock.ts";
import { w } from "../../i18n/search.ts";
import { trpc } from "../../trpc.ts";
import { plateAddress } from "../addresses.ts";
import { createOnline } from "../online.ts";
import { PlateChip } from "../plate-chip.tsx";
import { Shapes, TroubleNotice } from "../states.tsx";
import { type PlateState, plateOf } from "./plate-state.ts";
import { type PairRow, isMeeting, putSideBySide } from "./side-by-side.ts";
import { timelineQuestion } from "./timeline.tsx";
import { dayStartOf } from "./timeline-rows.ts";
import { VirtualRows } from "./virtual-rows.tsx";

/** Of each plate; the days of a car that passes often. */
const COMPARED = 1000;
const ROW_REM = 3.25;
const DAY_REM = 2.5;

type Side = { detections: DetectionView[]; cursor: string | null };
type Heading = { dayStart: number; meetings: number };
type Row = PairRow | Heading;
const isHeading = (row: Row): row is Heading => "dayStart" in row;

/** Before this nothing is known of one of the two; null when both are known whole. */
const knownSince = (sides: readonly Side[]): string | null =>
  sides
    .flatMap(({ detections, cursor }) => (cursor === null ? [] : (detections.at(-1)?.detectedAt ?? [])))
    .toSorted()
    .at(-1) ?? null;

const compare = (left: Side, right: Side): { rows: Row[]; meetings: number; since: string | null } => {
  const since = knownSince([left, right]);
  const known = ({ detections }: Side) =>
    detections.filter(({ detectedAt, duplicateOf }) => duplicateOf === null && detectedAt >= (since ?? ""));
  const rows: Row[] = [];
  let heading: Heading | undefined;
  let meetings = 0;
  for (const pair of putSideBySide(known(left), known(right))) {
    const dayStart = dayStartOf(pair.atMs);
    if (heading?.dayStart !== dayStart) rows.push((heading = { dayStart, meetings: 0 }));
    if (isMeeting(pair)) {
      meetings++;
      heading.meetings++;
    }
    rows.push(pair);
  }
  return { rows, meetings, since };
};

const Cell = (props: { detection: DetectionView | null }) => (
  <span class="pair-cell">
    <Show when={props.detection}>
      {(detection) => (
        <>
          <bdi class="at">{clockSeconds(detection().detectedAt)}</bdi>
          <bdi class="clip">{detection().camera.name}</bdi>
        </>
      )}
    </Show>
  </span>
);

const Pair = (props: { row: PairRow }) => (
  <div class="pair" classList={{ met: isMeeting(props.row) }}>
    <Cell detection={props.row.left} />
    <span class="pair-mark">
      <Show when={isMeeting(props.row)}>
        <Users aria-hidden="true" />
        <span class="unseen">{w("compare.met")}</span>
        {w("compare.apart", { count: props.row.secondsApart ?? 0 })}
      </Show>
    </span>
    <Cell detection={props.row.right} />
  </div>
);

export const Compare = (props: { state: PlateState; other: string; isSettled: boolean; onStop: () => void }) => {
  const question = () =>
    props.isSettled
      ? JSON.stringify([timelineQuestion(props.state), timelineQuestion(props.state, props.other)])
      : null;
  const found = createOnline(question, async (asked, signal) => {
    const sides = await Promise.all(
      (JSON.parse(asked) as string[]).map((one) =>
        trpc.detections.timeline.query({ ...JSON.parse(one), limit: COMPARED }, { signal }),
      ),
    );
    return { left: sides[0] as Side, right: sides[1] as Side };
  });
  const compared = createMemo(() => {
    const answer = found.answer();
    return answer === undefined ? null : compare(answer.left, answer.right);
  });
  return (
    <section class="timeline" aria-labelledby="compare-title">
      <div class="section-line">
        <h2 id="compare-title">{w("compare.title")}</h2>
        <button type="button" class="button" onClick={() => props.onStop()}>
          <X aria-hidden="true" />
          {w("compare.stop")}
        </button>
      </div>
      <div class="pair pair-head">
        <span>
          <PlateChip text={plateOf(props.state)} />
        </span>
        <span />
        <A href={plateAddress(props.other)}>
          <PlateChip text={props.other} />
        </A>
      </div>
      <Switch>
        <Match when={found.trouble()}>
          {(trouble) => <TroubleNotice title={w("search.failed")} trouble={trouble()} onRetry={found.refresh} />}
        </Match>
        <Match when={compared()}>
          {(result) => (
            <>
              <p class="compare-sum" role="status">
                <strong>{w("compare.meetings", { count: result().meetings })}</strong>
                <Show when={result().since}>
                  {(since) => <span class="quiet"> {w("compare.since", { time: momentLabel(since()) })}</span>}
                </Show>
              </p>
              <VirtualRows
                rows={result().rows}
                heightOf={(row) => (isHeading(row) ? DAY_REM : ROW_REM)}
                label={w("compare.title")}
                onNearEnd={() => undefined}
              >
                {(row) =>
                  isHeading(row) ? (
                    <h3 class="day-row">
                      {dayLabel(row.dayStart)}
                      <Show when={row.meetings > 0}>
                        <span class="quiet">{w("compare.metTimes", { count: row.meetings })}</span>
                      </Show>
                    </h3>
                  ) : (
                    <Pair row={row} />
                  )
                }
              </VirtualRows>
            </>
          )}
        </Match>
        <Match when={true}>
          <Shapes rows={6} />
        </Match>
      </Switch>
    </section>
  );
};
