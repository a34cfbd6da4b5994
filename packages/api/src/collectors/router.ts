/**
 * Collectors for people: their health, their cameras and their keys.
 * Rule: a key passes through here once, in the answer to the call that made it.
 */
import { type CollectorView, can } from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { procedure, router } from "../trpc.ts";
import { approveCamera } from "./cameras.ts";
import { addCollector, revokeCollector, revokeKey, rotateKey } from "./keys.ts";
import { readCollectors } from "./list.ts";

const reasonSchema = lineSchema(500, 3);

export const collectorsRouter = router({
  list: procedure("collectors.list").query(({ ctx }): Promise<CollectorView[]> =>
    readCollectors(ctx.central.database.sql, { keys: can(ctx.session.user.role, "manage_collectors") }),
  ),
  approveCamera: procedure("collectors.approveCamera")
    .input(z.object({ cameraId: z.uuid(), name: lineSchema(60).optional(), area: lineSchema(60).optional() }))
    .mutation(async ({ ctx, input: { cameraId, ...placement } }): Promise<Record<string, never>> => {
      await approveCamera(ctx.central.database.sql, cameraId, placement);
      return {};
    }),
  create: procedure("collectors.create")
    .input(z.object({ name: lineSchema(60) }))
    .mutation(({ ctx, input }): Promise<{ id: string; apiKey: string }> =>
      addCollector(ctx.central.database.sql, input.name, ctx.session.user.id),
    ),
  rotateKey: procedure("collectors.rotateKey")
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }): Promise<{ apiKey: string; oldKeyUntil: string | null }> => {
      const rotated = await rotateKey(ctx.central.database.sql, input.id, ctx.session.user.id);
      ctx.central.collectorKeys.forget();
      return rotated;
    }),
  revokeKey: procedure("collectors.revokeKey")
    .input(z.object({ keyId: z.uuid(), reason: reasonSchema }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await revokeKey(ctx.central.database.sql, input.keyId, input.reason, ctx.session.user.id);
      ctx.central.collectorKeys.forget();
      return {};
    }),
  revoke: procedure("collectors.revoke")
    .input(z.object({ id: z.uuid(), reason: reasonSchema }))
    .mutation(async ({ ctx, input }): Promise<Record<string, never>> => {
      await revokeCollector(ctx.central.database.sql, input.id, input.reason, ctx.session.user.id);
      ctx.central.collectorKeys.forget();
      return {};
    }),
});
