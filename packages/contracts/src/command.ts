/**
 * Commands from central to a collector.
 * Rule: verbs are an allow-list; a command is never a shell.
 */
import * as z from "zod/mini";

export const COMMAND_VERBS = [
  "apply_config",
  "restart_adapter",
  "send_diagnostics",
  "rotate_key",
  "set_log_level",
  "capture_test",
] as const;

export const commandSchema = z.object({
  id: z.uuid(),
  /** Rises by one per collector; a collector refuses one it has seen. */
  counter: z.int(),
  notAfter: z.iso.datetime({ offset: true }),
  verb: z.enum(COMMAND_VERBS),
  args: z.record(z.string(), z.unknown()),
  signature: z.string(),
});
export type Command = z.infer<typeof commandSchema>;
