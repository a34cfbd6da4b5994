/**
 * The ways that the address of the map asks for: one plate's, or two, and what of them is shown.
 * Rule: an answer is shown for the question that it answers and for no other, and what takes long is a task of its own.
 */
import { MEETING_SECONDS, type RouteCamera, type Stop, normalizePlate, stopsOf } from "@chaverim/contracts";
import { createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import { mayI } from "../../session.ts";
import { trpc } from "../../trpc.ts";
import { closedBefore, closedBy } from "../account/look-closed.tsx";
import { createPurpose } from "../account/purpose-bar.tsx";
import { createOnline } from "../online.ts";
import { filtersOf } from "../search/question.ts";
import { type Range, drawnLegs, drawnStops, rangeIn, stopsWithin, timesOfRange } from "./route-drawing.ts";
import type { Way } from "./way-layers.ts";

/** `from` and `to` are what central is asked for; `first` and `last` are what of the answer is shown; `hour` is when it begins. */
export type MapName = "plate" | "with" | "from" | "to" | "first" | "last" | "camera" | "hour";
export type MapState = Readonly<Partial<Record<MapName, string>>>;
export type MapChange = (next: Readonly<Partial<Record<MapName, string | undefined>>>) => void;

/** Longer than a step of a way that is played, which is written down when it stands still. */
const WRITE_AFTER_MS = 800;
const MEETING_MS = MEETING_SECONDS * 1000;

/** The times of the address, for central; what is not understood is not asked. */
const askedTimes = ({ from, to }: MapState) => {
  const filters = filtersOf({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
  return { ...(filters.from && { from: filters.from }), ...(filters.to && { to: filters.to }) };
};

type Read = { question: string; cameras: RouteCamera[]; stops: Stop[]; truncated: boolean };
const NO_STOPS: readonly Stop[] = [];

const readRoute = async (question: string, signal: AbortSignal): Promise<Read> => {
  const route = await trpc.plates.route.query(JSON.parse(question), { signal });
  return { question, cameras: route.cameras, stops: stopsOf(route), truncated: route.truncated };
};

const createRead = (question: () => string | null) => {
  const asked = createMemo(question);
  const online = createOnline<string, Read>(asked, readRoute);
  const answer = createMemo(() => {
    const read = online.answer();
    return read?.question === asked() ? read : undefined;
  });
  return { answer, trouble: online.trouble, refresh: online.refresh };
};

/** What of the stops is shown: as somebody just chose, or as the address says, which follows a little later. */
const createRange = (stops: () => readonly Stop[], state: () => MapState, change: MapChange) => {
  const [choice, setChoice] = createSignal<{ stops: readonly Stop[]; range: Range }>();
  const inAddress = createMemo(() => `${state().first ?? ""} ${state().last ?? ""}`);
  let written = inAddress();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const range = createMemo<Range>(
    () => {
      const chosen = choice();
      return chosen?.stops === stops() ? chosen.range : rangeIn(stops(), state());
    },
    [0, 0],
    { equals: (a, b) => a[0] === b[0] && a[1] === b[1] },
  );
  const setRange = (next: Range): void => {
    const all = stops();
    setChoice({ stops: all, range: next });
    clearTimeout(timer);
    timer = setTimeout(() => {
      const times = timesOfRange(all, next);
      written = `${times.first ?? ""} ${times.last ?? ""}`;
      change(times);
    }, WRITE_AFTER_MS);
  };
  createEffect(on(stops, () => clearTimeout(timer), { defer: true }));
  // An address that somebody else wrote counts more than what was chosen before.
  createEffect(on(inAddress, (now) => now !== written && setChoice(undefined), { defer: true }));
  onCleanup(() => clearTimeout(timer));
  return { range, setRange };
};

const wayOf = (stops: readonly Stop[]): Way => ({ legs: drawnLegs(stops), stops: drawnStops(stops) });

export const createRoutes = (state: () => MapState, change: MapChange) => {
  const plate = createMemo(() => normalizePlate(state().plate ?? ""));
  const other = createMemo(() => normalizePlate(state().with ?? ""));
  const times = createMemo(() => askedTimes(state()));
  const wanted = () => (plate() !== "" && mayI("see_timeline") && closedBefore() === null ? plate() : null);
  const purpose = createPurpose(wanted);
  const read = (name: () => string) =>
    createRead(() =>
      wanted() !== null && name() !== "" && purpose.isSettled() === true
        ? JSON.stringify({ plate: name(), ...times() })
        : null,
    );
  const [first, second] = [read(plate), read(other)];
  const stops = () => first.answer()?.stops ?? NO_STOPS;
  const { range, setRange } = createRange(stops, state, change);
  const shown = createMemo(() => stops().slice(range()[0], range()[1] + 1));
  const otherShown = createMemo(() => {
    const [from, to] = [shown()[0], shown().at(-1)];
    const all = second.answer()?.stops ?? NO_STOPS;
    return from === undefined || to === undefined
      ? all
      : stopsWithin(all, from.atMs - MEETING_MS, to.atMs + MEETING_MS);
  });
  /** Since when both ways are known, when one of them goes further back than what was read. */
  const comparedSince = createMemo(() => {
    const starts = [first.answer(), second.answer()].flatMap((one) => (one?.truncated && one.stops[0]?.atMs) || []);
    return starts.length === 0 ? undefined : Math.max(...starts);
  });

  const [ways, setWays] = createSignal<readonly Way[]>([]);
  createEffect(
    on([plate, other, shown, otherShown], ([ours, theirs, stopsOfOurs, stopsOfTheirs]) => {
      const shownWays = ours === "" ? [] : theirs === "" ? [stopsOfOurs] : [stopsOfOurs, stopsOfTheirs];
      const timer = setTimeout(() => setWays(shownWays.map(wayOf)));
      onCleanup(() => clearTimeout(timer));
    }),
  );

  /** Where the ways go, as far as it is known. */
  const positions = createMemo(() =>
    [first.answer(), second.answer()].flatMap((one) => one?.cameras.map(({ position }) => position) ?? []),
  );
  /** Another one asks for another frame; while a way is read the frame stays. */
  const frameKey = createMemo<string>((before) => (plate() === "" ? "" : (first.answer()?.question ?? before)), "");
  const closed = () =>
    plate() === ""
      ? null
      : (closedBy(first.trouble()) ??
        closedBy(second.trouble()) ??
        closedBefore() ??
        (purpose.isSettled() === false ? "purpose_needed" : null));
  const hasTrouble = () => first.trouble() !== undefined || second.trouble() !== undefined;
  const refresh = (): void => {
    first.refresh();
    second.refresh();
  };
  return {
    plate,
    other,
    times,
    purpose,
    first,
    second,
    stops,
    shown,
    otherShown,
    comparedSince,
    range,
    setRange,
    ways,
    positions,
    frameKey,
    closed,
    hasTrouble,
    refresh,
  };
};
export type Routes = ReturnType<typeof createRoutes>;
