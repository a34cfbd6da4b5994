/**
 * Carries out what central commands, and says what came of it.
 * Rule: only a command that central signed for this collector is done, once, in its order and in its time; whatever else
 * comes is refused and said to be.
 */
import {
  commandArgsSchemas,
  commandSchema,
  type Command,
  type CommandAck,
  type OfferedVerb,
} from "@chaverim/contracts";
import * as z from "zod";
import * as mini from "zod/mini";
import { readJson, type Central } from "./central.ts";
import { commandKey, isCommandSigned, pinKeys } from "./central-signing-key.ts";
import { reasonOf } from "./failure.ts";
import type { Log } from "./log.ts";
import { fullJitterMs, pause } from "./retry.ts";
import { createWaker } from "./waker.ts";

const ACK_TIMEOUT_MS = 10_000;
/** Acknowledgements that are kept, so that a repeated command is answered and not done again. Central keeps few open. */
const REMEMBERED = 20;
/** Of `commandAckSchema`. */
const DETAIL_MAX = 20_000;

const META = "commands";
/** Which collector this is at central: as it said first. */
const COLLECTOR_ID = "collectorId";

/** As it arrives: a verb of a later version is refused by name, and does not cost the whole heartbeat. */
const receivedSchema = mini.extend(commandSchema, { verb: mini.string().check(mini.maxLength(64)) });
type Received = mini.infer<typeof receivedSchema>;

const ackSchema = z.object({
  status: z.enum(["done", "failed", "refused"]),
  detail: z.string(),
  newKey: z.object({ sha256: z.string(), prefix: z.string() }).optional(),
});
const memorySchema = z.object({
  /** Of the last command that was begun. */
  counter: z.number(),
  acks: z.array(z.object({ id: z.string(), ack: ackSchema })),
});
type Memory = z.infer<typeof memorySchema>;

/** What a verb does. Throws in words when it fails. */
export type Deeds = {
  [Verb in OfferedVerb]: (
    args: mini.infer<(typeof commandArgsSchemas)[Verb]>,
    commandId: string,
  ) => Promise<Omit<CommandAck, "status">> | Omit<CommandAck, "status">;
};

type CommandStore = {
  getMeta: (key: string) => string | null;
  setMeta: (key: string, value: string) => void;
  pinMeta: (key: string, value: string) => void;
};

type CommandsOptions = {
  store: CommandStore;
  central: Central;
  /** Central's time, milliseconds since 1970; null while it is not known. */
  nowMs: () => number | null;
  deeds: Deeds;
  /** Central has heard of what became of a command. */
  onAcked: (ack: CommandAck) => void;
  log: Log;
  random?: () => number;
};

export type Commands = {
  /** Takes the commands of a heartbeat's answer; those that are being done already are left alone. */
  take: (collectorId: string | undefined, commands: readonly unknown[]) => void;
  run: (signal: AbortSignal) => Promise<void>;
};

const refused = (detail: string): CommandAck => ({ status: "refused", detail });

const isOffered = (verb: string): verb is OfferedVerb => Object.hasOwn(commandArgsSchemas, verb);

export const createCommands = (options: CommandsOptions): Commands => {
  const { store, central, nowMs, deeds, log, random = Math.random } = options;
  const waiting = new Map<string, Received>();
  const waker = createWaker();

  const read = (): Memory => {
    const parsed = memorySchema.safeParse(readJson(store.getMeta(META) ?? ""));
    return parsed.success ? parsed.data : { counter: 0, acks: [] };
  };
  const remember = (id: string, ack: CommandAck, counter: number) => {
    const others = read().acks.filter((each) => each.id !== id);
    const acks = [...others, { id, ack }].slice(-REMEMBERED);
    store.setMeta(META, JSON.stringify({ counter, acks } satisfies Memory));
  };

  const perform = async (verb: OfferedVerb, command: Received): Promise<CommandAck> => {
    const args = commandArgsSchemas[verb].safeParse(command.args);
    if (!args.success) return refused(`The arguments of ${verb} are wrong.`);
    try {
      const deed = deeds[verb] as (args: unknown, commandId: string) => ReturnType<Deeds[OfferedVerb]>;
      const { detail, ...rest } = await deed(args.data, command.id);
      return { status: "done", detail: detail.slice(0, DETAIL_MAX), ...rest };
    } catch (error) {
      return { status: "failed", detail: reasonOf(error).slice(0, DETAIL_MAX) };
    }
  };

  /** What is to be answered without doing anything; null when the command is to be done, "later" when that is not known. */
  const judge = async (command: Received): Promise<CommandAck | "later" | null> => {
    await pinKeys(store, central);
    const publicKey = commandKey(store);
    const collectorId = store.getMeta(COLLECTOR_ID);
    const now = nowMs();
    if (publicKey === null || collectorId === null || now === null) return "later";
    if (!isCommandSigned(publicKey, collectorId, command as Command)) {
      return refused("The command is not signed with the key of central that this collector knows.");
    }
    const { counter, acks } = read();
    const known = acks.find(({ id }) => id === command.id);
    if (known) return known.ack;
    if (command.counter <= counter) return refused("A later command, or this one, was done before.");
    if (Date.parse(command.notAfter) < now) return refused("The command came after its time.");
    return isOffered(command.verb) ? null : refused(`This collector does not do ${command.verb}.`);
  };

  const carryOut = async (command: Received): Promise<CommandAck | null> => {
    const { id, verb, counter } = command;
    const judged = await judge(command);
    if (judged === "later") return null;
    if (judged !== null || !isOffered(verb)) return judged;
    // Written down first: a command that ends this process is not begun again by the next.
    remember(id, { status: "failed", detail: "The collector stopped while it did this." }, counter);
    const ack = await perform(verb, command);
    remember(id, ack, counter);
    return ack;
  };

  /** Tells central until it has heard, or does not want to. */
  const acknowledge = async (id: string, ack: CommandAck, signal: AbortSignal): Promise<void> => {
    const body = { contentType: "application/json", chunks: [Buffer.from(JSON.stringify(ack))] };
    for (let failures = 1; !signal.aborted; failures++) {
      const path = `/api/v1/commands/${id}/ack`;
      const answer = await central({ method: "POST", path, body, timeoutMs: ACK_TIMEOUT_MS });
      const status = answer.kind === "answered" ? answer.status : null;
      if (status !== null && status >= 200 && status < 300) return options.onAcked(ack);
      if (status === 400 || status === 404 || status === 409) {
        log.warn({ command: id, status }, "central does not want to know what became of a command");
        return;
      }
      await pause(fullJitterMs(failures, random), signal);
    }
  };

  return {
    take: (collectorId, commands) => {
      if (collectorId !== undefined) store.pinMeta(COLLECTOR_ID, collectorId);
      for (const command of commands) {
        const received = receivedSchema.safeParse(command);
        if (received.success) waiting.set(received.data.id, received.data);
        else log.warn("central sent something that is no command");
      }
      if (waiting.size > 0 || commandKey(store) === null) waker.wake();
    },
    run: async (signal) => {
      while (!signal.aborted) {
        const [command] = [...waiting.values()].toSorted((a, b) => a.counter - b.counter);
        if (!command) {
          // At first contact, and not when a key is needed: who answers a week later may be somebody else.
          await pinKeys(store, central);
          await waker.wait(Number.POSITIVE_INFINITY, signal);
          continue;
        }
        const { id, verb } = command;
        const ack = await carryOut(command);
        if (ack === null) {
          log.warn({ command: id, verb }, "a command waits until central is known better");
        } else {
          log.info({ command: id, verb, status: ack.status }, "a command of central");
          await acknowledge(id, ack, signal);
        }
        waiting.delete(id);
      }
    },
  };
};
