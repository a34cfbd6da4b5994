/**
 * The map: its ground, and the cameras on it.
 * Rule: places and counts, nothing of a plate.
 */
import type { MapCamera, MapGround, MapSource } from "@chaverim/contracts";
import { procedure, router } from "../trpc.ts";
import { readMapCameras } from "./cameras.ts";
import { readGround } from "./ground.ts";

export const mapRouter = router({
  cameras: procedure("map.cameras").query(async ({ ctx }): Promise<{ source: MapSource; cameras: MapCamera[] }> => ({
    source: ctx.central.config.map,
    cameras: await readMapCameras(ctx.central.database.sql, ctx.session.user),
  })),
  // A map of tiles has its ground from there.
  ground: procedure("map.ground").query(async ({ ctx: { central } }): Promise<MapGround> =>
    central.config.map.kind === "builtin" ? readGround(central.config.dataDir) : { shapes: [] },
  ),
});
