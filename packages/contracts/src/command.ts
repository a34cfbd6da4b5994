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

/** Args of each verb; a verb that is not here is refused by the collector. */
export const commandArgsSchemas = {
  /** The collector makes a new key itself and answers with its hash: the key never travels. */
  rotate_key: z.object({}),
  /** Sends one detection without a plate and without a picture through everything, so that a person sees that it works. */
  capture_test: z.object({ cameraId: z.string().check(z.maxLength(128)) }),
  /** Back to the configured level by itself after an hour. */
  set_log_level: z.object({ level: z.enum(["debug", "info", "warn"]) }),
  restart_adapter: z.object({ cameraId: z.string().check(z.maxLength(128)) }),
  /** The newest lines of its own log, without secrets, in the acknowledgement. */
  send_diagnostics: z.object({}),
} as const;
export type OfferedVerb = keyof typeof commandArgsSchemas;

/** `vendor.name` of the detection that `capture_test` makes. */
export const TEST_VENDOR = "chaverim.test";

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

/** What central signs of a command: fields in fixed order, args as they are sent. */
export const commandText = (collectorId: string, command: Omit<Command, "signature">): string =>
  [collectorId, command.id, command.counter, command.notAfter, command.verb, JSON.stringify(command.args)].join("\n");

export const COMMAND_STATUSES = ["done", "failed", "refused"] as const;
/** POST /api/v1/commands/{id}/ack */
export const commandAckSchema = z.object({
  status: z.enum(COMMAND_STATUSES),
  detail: z.string().check(z.maxLength(20_000)),
  /** Of `rotate_key`: the new key's SHA-256 in hex and its first ten characters. */
  newKey: z.optional(
    z.object({
      sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      prefix: z.string().check(z.regex(/^alpr_[A-Za-z0-9_-]{5}$/)),
    }),
  ),
});
export type CommandAck = z.infer<typeof commandAckSchema>;
