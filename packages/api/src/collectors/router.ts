/**
 * Collectors for people: their health, and approving a camera.
 * Rule: no key ever passes through here.
 */
import type { CollectorView } from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { procedure, router } from "../trpc.ts";
import { approveCamera } from "./cameras.ts";
import { readCollectors } from "./list.ts";

export const collectorsRouter = router({
  list: procedure("collectors.list").query(({ ctx }): Promise<CollectorView[]> =>
    readCollectors(ctx.central.database.sql),
  ),
  approveCamera: procedure("collectors.approveCamera")
    .input(z.object({ cameraId: z.uuid(), name: lineSchema(60).optional() }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await approveCamera(ctx.central.database.sql, input.cameraId, input.name);
      return {};
    }),
});
