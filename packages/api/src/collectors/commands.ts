/**
 * Commands for collectors: given by an administrator, fetched with heartbeats, answered once.
 * Rule: what is sent is signed for this one collector, numbered, short-lived, and never a shell.
 */
import { randomUUID } from "node:crypto";
import {
  type Command,
  type CommandAck,
  type CommandView,
  type OfferedVerb,
  commandText,
  signedBytes,
} from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { AppError } from "../failure.ts";
import type { CentralKeys } from "../keys.ts";
import { addKey } from "./keys.ts";

/** A site that is offline for longer is another site than the one that the command was meant for. */
const VALID_HOURS = 24;
/** More than anybody gives in a day; a heartbeat's answer stays small. */
const OPEN_MAX = 20;
/** Shown in one list, which is asked for often. */
const LIST_MAX = 30;
/** A collector's clock may be wrong by as much and still be believed. */
const TEST_AROUND = "5 minutes";

export type NewCommand = { verb: OfferedVerb; args: Record<string, unknown> };

/** Screens know a camera by central's id, its collector by its own name for it. @throws AppError not_found */
const nameCamera = async (transaction: Transaction, collectorId: string, args: NewCommand["args"]) => {
  const { cameraId } = args;
  if (typeof cameraId !== "string") return args;
  const [camera] = await transaction<{ key: string }[]>`
    select key from cameras where collector_id = ${collectorId} and (key = ${cameraId} or id::text = ${cameraId})`;
  if (!camera) throw new AppError("not_found", "This collector has no such camera.");
  return { ...args, cameraId: camera.key };
};

/**
 * Gives a collector a command.
 * @throws AppError not_found | conflict when too many wait already
 */
export const addCommand = (
  sql: Sql,
  collectorId: string,
  { verb, args }: NewCommand,
  userId: string,
): Promise<{ id: string }> =>
  sql.begin(async (transaction) => {
    const [collector] = await transaction`
      select 1 from collectors where id = ${collectorId} and revoked_at is null for update`;
    if (!collector) throw new AppError("not_found", "There is no such collector, or it was revoked.");
    const [last] = await transaction<{ open: number }[]>`
      select count(*)::int as open from commands
      where collector_id = ${collectorId} and acked_at is null and not_after > now()`;
    if ((last?.open ?? 0) >= OPEN_MAX)
      throw new AppError(
        "conflict",
        `${OPEN_MAX} commands wait for this collector already. Wait until it has answered.`,
      );
    const named = await nameCamera(transaction, collectorId, args);
    const id = randomUUID();
    // Not below the time in seconds: after a restore from a backup a collector has seen higher numbers than are stored.
    await transaction`
      insert into commands (id, collector_id, counter, verb, args, created_by, not_after)
      select ${id}, ${collectorId}, greatest(coalesce(max(counter), 0) + 1, extract(epoch from now())::bigint), ${verb},
        ${JSON.stringify(named)}::text::jsonb, ${userId}, now() + make_interval(hours => ${VALID_HOURS})
      from commands where collector_id = ${collectorId}`;
    return { id };
  });

type OpenCommand = Omit<Command, "signature" | "notAfter"> & { notAfter: Date };

/** Takes what waits for a collector, signed; each is sent with every heartbeat until it is answered or too old. */
export const takeCommands = async (
  sql: Sql,
  keys: Pick<CentralKeys, "signReceipt">,
  collectorId: string,
): Promise<Command[]> => {
  const open = await sql<OpenCommand[]>`
    update commands set sent_at = coalesce(sent_at, now())
    where collector_id = ${collectorId} and acked_at is null and not_after > now()
    returning id, counter::float8 as counter, not_after as "notAfter", verb, args`;
  return open
    .toSorted((a, b) => a.counter - b.counter)
    .map(({ notAfter, ...rest }) => {
      const command = { ...rest, notAfter: notAfter.toISOString() };
      const signature = keys.signReceipt(signedBytes("command", commandText(collectorId, command)));
      return { ...command, signature };
    });
};

/**
 * Takes a collector's answer; a second one changes nothing.
 * @throws AppError not_found also for another collector's command; invalid, conflict for a new key that cannot be taken
 */
export const acknowledgeCommand = (sql: Sql, collectorId: string, commandId: string, ack: CommandAck): Promise<void> =>
  sql.begin(async (transaction) => {
    const [command] = await transaction<{ verb: string; createdBy: string | null; isAcked: boolean }[]>`
      select verb, created_by as "createdBy", acked_at is not null as "isAcked" from commands
      where id = ${commandId} and collector_id = ${collectorId} for update`;
    if (!command) throw new AppError("not_found", "There is no such command for this collector.");
    if (command.isAcked) return;
    const isRotated = command.verb === "rotate_key" && ack.status === "done";
    if (isRotated !== (ack.newKey !== undefined))
      throw new AppError(
        "invalid",
        "newKey belongs to the acknowledgement of a rotate_key that is done, and to no other.",
      );
    await transaction`
      update commands set acked_at = now(), status = ${ack.status}, detail = ${ack.detail} where id = ${commandId}`;
    if (ack.newKey) {
      const { sha256, prefix } = ack.newKey;
      await addKey(transaction, collectorId, { hash: Buffer.from(sha256, "hex"), prefix }, command.createdBy);
    }
  });

type CommandRow = Pick<CommandView, "id" | "verb" | "level" | "createdBy"> & {
  cameraId: string | null;
  cameraName: string | null;
  arrivedAt: Date | null;
  createdAt: Date;
  notAfter: Date;
  sentAt: Date | null;
  ackedAt: Date | null;
  status: CommandAck["status"] | null;
  detail: string | null;
};

/**
 * What a collector answered when it was asked for diagnostics: its log, in which names of files may be plates.
 * @throws AppError not_found while there is no answer
 */
export const readDiagnostics = async (sql: Sql, commandId: string): Promise<string> => {
  const [command] = await sql<{ detail: string }[]>`
    select detail from commands where id = ${commandId} and verb = 'send_diagnostics' and status = 'done'`;
  if (!command) throw new AppError("not_found", "There are no diagnostics with this id.");
  return command.detail;
};

/** A collector's commands, the newest first; diagnostics are left out of them. */
export const readCommands = async (sql: Sql, collectorId: string): Promise<CommandView[]> => {
  // A test names its command as its event; it is looked for around the time of the answer, among what has no plate.
  const rows = await sql<CommandRow[]>`
    select c.id, c.verb, u.name as "createdBy", c.created_at as "createdAt", c.not_after as "notAfter", c.sent_at as "sentAt",
      c.acked_at as "ackedAt", c.status,
      case when c.verb = 'send_diagnostics' and c.status = 'done' then '' else c.detail end as detail, m.id as "cameraId", m.name as "cameraName", c.args ->> 'level' as level,
      case when c.verb = 'capture_test' and c.status = 'done' then (
        select min(d.received_at) from detections d join evidence_payloads p on p.id = d.id
        where d.plate = '' and d.camera_id = m.id
          and d.detected_at between c.created_at - ${TEST_AROUND}::interval and c.acked_at + ${TEST_AROUND}::interval
          and position(c.id::text in p.payload) > 0
      ) end as "arrivedAt"
    from commands c left join users u on u.id = c.created_by
    left join cameras m on m.collector_id = c.collector_id and m.key = c.args ->> 'cameraId'
    where c.collector_id = ${collectorId} order by c.counter desc limit ${LIST_MAX}`;
  return rows.map(({ ackedAt, status, detail, cameraId, cameraName, ...row }) => ({
    ...row,
    camera: cameraId === null ? null : { id: cameraId, name: cameraName ?? "" },
    createdAt: row.createdAt.toISOString(),
    notAfter: row.notAfter.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
    acked: ackedAt && status ? { at: ackedAt.toISOString(), status, detail: detail ?? "" } : null,
    arrivedAt: row.arrivedAt?.toISOString() ?? null,
  }));
};
