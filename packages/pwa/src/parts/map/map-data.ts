/**
 * What the map shows of the cameras: fresh every quarter of a minute, and the last known ones without a line.
 * Rule: places and counts alone are kept, in memory, and never anything of a plate.
 */
import type { MapCamera, MapGround, MapSource } from "@chaverim/contracts";
import { type Accessor, createEffect } from "solid-js";
import { link } from "../../local/sync.ts";
import { user } from "../../session.ts";
import { type Trouble, trpc } from "../../trpc.ts";
import { type Online, createOnline } from "../online.ts";

/** As on the collectors' screen. */
const REFRESH_MS = 15_000;

type Known = { source: MapSource; cameras: MapCamera[] };
let lastKnown: { userId: string | undefined; cameras: Known; asOf: number } | undefined;
/** The same for everybody. */
let lastGround: MapGround | undefined;

export type MapData = {
  known: Accessor<Known | undefined>;
  trouble: Accessor<Trouble | undefined>;
  asOf: Accessor<number | undefined>;
  /** Since when what is known of the cameras could not be asked again; undefined while it is fresh. */
  oldSince: Accessor<number | undefined>;
  refresh: () => void;
  /** Undefined until it is there; a map does not wait for it. */
  ground: Accessor<MapGround | undefined>;
  isGroundMissing: Accessor<boolean>;
  refreshGround: () => void;
};

export const createMapData = (): MapData => {
  const userId = user()?.id;
  // Another person may see other cameras.
  if (lastKnown?.userId !== userId) lastKnown = undefined;
  const cameras: Online<Known> = createOnline(
    () => "all",
    (_all, signal, putting) => trpc.map.cameras.query(undefined, { signal, ...putting }),
    REFRESH_MS,
  );
  const ground = createOnline(
    () => (lastGround === undefined ? "once" : null),
    (_once, signal) => trpc.map.ground.query(undefined, { signal }),
  );
  const knownGround = () => ground.answer() ?? lastGround;
  const known = () => cameras.answer() ?? lastKnown?.cameras;
  const asOf = () => cameras.asOf() ?? lastKnown?.asOf;
  createEffect(() => {
    const [answer, at] = [cameras.answer(), cameras.asOf()];
    if (answer !== undefined && at !== undefined) lastKnown = { userId, cameras: answer, asOf: at };
  });
  createEffect(() => (lastGround = knownGround()));
  return {
    known,
    trouble: cameras.trouble,
    asOf,
    oldSince: () =>
      known() !== undefined && (cameras.trouble() !== undefined || link().kind === "offline") ? asOf() : undefined,
    refresh: cameras.refresh,
    ground: knownGround,
    isGroundMissing: () =>
      ground.trouble() !== undefined && knownGround() === undefined && known()?.source.kind === "builtin",
    refreshGround: ground.refresh,
  };
};
