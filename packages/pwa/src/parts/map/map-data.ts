/**
 * What the map shows of the cameras: fresh every quarter of a minute, and the last known ones without a line.
 * Rule: places and counts alone are kept, in memory, and never anything of a plate.
 */
import type { MapCamera, MapGround, MapSource } from "@chaverim/contracts";
import { type Accessor, createEffect } from "solid-js";
import { user } from "../../session.ts";
import { type Trouble, trpc } from "../../trpc.ts";
import { type Online, createOnline } from "../online.ts";

/** As on the collectors' screen. */
const REFRESH_MS = 15_000;

type Known = { source: MapSource; cameras: MapCamera[] };
let lastKnown: { userId: string | undefined; cameras: Known; ground: MapGround; asOf: number } | undefined;

export type MapData = {
  known: Accessor<Known | undefined>;
  ground: Accessor<MapGround | undefined>;
  trouble: Accessor<Trouble | undefined>;
  asOf: Accessor<number | undefined>;
  refresh: () => void;
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
    () => (lastKnown === undefined ? "once" : null),
    (_once, signal) => trpc.map.ground.query(undefined, { signal }),
  );
  const knownGround = () => ground.answer() ?? lastKnown?.ground;
  createEffect(() => {
    const [known, drawn, asOf] = [cameras.answer(), knownGround(), cameras.asOf()];
    if (known !== undefined && drawn !== undefined && asOf !== undefined)
      lastKnown = { userId, cameras: known, ground: drawn, asOf };
  });
  return {
    known: () => cameras.answer() ?? lastKnown?.cameras,
    ground: knownGround,
    trouble: () => cameras.trouble() ?? ground.trouble(),
    asOf: () => cameras.asOf() ?? lastKnown?.asOf,
    refresh: () => {
      cameras.refresh();
      ground.refresh();
    },
  };
};
