/**
 * Collectors for people: their health, their cameras and their keys.
 * Rule: a key passes through here once, in the answer to the call that made it.
 */
import {
  type CollectorHistory,
  type CollectorView,
  type CommandView,
  can,
  commandArgsSchemas,
} from "@chaverim/contracts";
import * as z from "zod";
import { lineSchema } from "../line.ts";
import { procedure, router } from "../trpc.ts";
import { approveCamera } from "./cameras.ts";
import { addCommand, readCommands, readDiagnostics } from "./commands.ts";
import { readHistory } from "./history.ts";
import { addCollector, revokeCollector, revokeKey, rotateKey } from "./keys.ts";
import { readCollectors } from "./list.ts";

const reasonSchema = lineSchema(500, 3);

const commandSchema = z.discriminatedUnion("verb", [
  z.object({ verb: z.literal("restart_adapter"), args: commandArgsSchemas.restart_adapter }),
  z.object({ verb: z.literal("set_log_level"), args: commandArgsSchemas.set_log_level }),
  z.object({ verb: z.literal("send_diagnostics"), args: commandArgsSchemas.send_diagnostics }),
  z.object({ verb: z.literal("rotate_key"), args: commandArgsSchemas.rotate_key }),
]);

export const collectorsRouter = router({
  list: procedure("collectors.list").query(({ ctx }): Promise<CollectorView[]> =>
    readCollectors(ctx.central.database.sql, { keys: can(ctx.session.user.role, "manage_collectors") }),
  ),
  history: procedure("collectors.history")
    .input(z.object({ id: z.uuid() }))
    .query(({ ctx, input }): Promise<CollectorHistory> => readHistory(ctx.central.database.sql, input.id)),
  commands: procedure("collectors.commands")
    .input(z.object({ id: z.uuid() }))
    .query(({ ctx, input }): Promise<CommandView[]> => readCommands(ctx.central.database.sql, input.id)),
  diagnostics: procedure("collectors.diagnostics")
    .input(z.object({ id: z.uuid() }))
    .query(async ({ ctx, input }): Promise<{ text: string }> => {
      const text = await readDiagnostics(ctx.central.database.sql, input.id);
      ctx.show([input.id]);
      return { text };
    }),
  testCamera: procedure("collectors.testCamera")
    .input(z.object({ id: z.uuid(), ...commandArgsSchemas.capture_test.shape }))
    .mutation(({ ctx, input: { id, ...args } }): Promise<{ id: string }> =>
      addCommand(ctx.central.database.sql, id, { verb: "capture_test", args }, ctx.session.user.id),
    ),
  command: procedure("collectors.command")
    .input(z.intersection(z.object({ id: z.uuid() }), commandSchema))
    .mutation(({ ctx, input: { id, verb, args } }): Promise<{ id: string }> =>
      addCommand(ctx.central.database.sql, id, { verb, args }, ctx.session.user.id),
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
