/**
 * The chain of a collector's payloads: each names the SHA-256 of the one before it.
 * Rule: a break is told and marked, never refused; a neighbour that has not come yet says nothing.
 */
import type { Queryable } from "@chaverim/db/open";
import type { JudgedElement } from "./check-signatures.ts";

/** A payload by its place, its hash in hex, and the hash that it names; undefined when it names none. */
export type Link = { epoch: number; seq: number; sha256: string; prev: string | null | undefined };

/** Null for what has no place in a chain: a collector that does not chain, or a script without numbers. */
export const linkOf = ({ detection, payloadSha256 }: JudgedElement): Link | null =>
  detection.seq === undefined || detection.prev === undefined
    ? null
    : { epoch: detection.epoch ?? 0, seq: detection.seq, sha256: payloadSha256.toString("hex"), prev: detection.prev };

/** Of a payload that was accepted, which makes it an object. */
const readPrev = (payload: string): string | null | undefined => (JSON.parse(payload) as { prev?: string | null }).prev;

/** Payloads that claim one place: more than one means that somebody has numbered twice. */
const CLAIMS_MAX = 4;

/** Reads the stored payloads directly before and after these. */
export const readNeighbours = async (
  sql: Queryable,
  collectorId: string,
  links: readonly Link[],
): Promise<readonly Link[]> => {
  if (links.length === 0) return [];
  const wanted = links.flatMap(({ epoch, seq }) => [-1, 1].map((step) => ({ epoch, seq: seq + step, step })));
  // `prev` is read here and not by PostgreSQL, which refuses numbers and escapes that JSON allows. One look into the index for
  // each: joined, a plan that was made while the table was small read everything that the collector ever sent.
  const rows = await sql<{ epoch: number; seq: number; sha256: string; payload: string | null }[]>`
    select n.epoch::float8 as epoch, n.seq::float8 as seq, encode(p.payload_sha256, 'hex') as sha256,
      case when n.step = 1 then p.payload end as payload
    from unnest(${wanted.map(({ epoch }) => epoch)}::bigint[], ${wanted.map(({ seq }) => seq)}::bigint[],
      ${wanted.map(({ step }) => step)}::int[]) n(epoch, seq, step),
    lateral (select payload_sha256, payload from evidence_payloads
      where collector_id = ${collectorId} and epoch = n.epoch and seq = n.seq limit ${CLAIMS_MAX}) p`;
  return rows.map(({ payload, ...row }) => ({ ...row, prev: payload === null ? undefined : readPrev(payload) }));
};

/**
 * Finds the links that do not fit what stands before or after them.
 * @param stored neighbours as `readNeighbours` found them
 * @returns places whose link is broken; of two new ones the later
 */
export const findBreaks = (links: readonly Link[], stored: readonly Link[]): Set<Link> => {
  const placeOf = (epoch: number, seq: number) => `${epoch} ${seq}`;
  const known = Map.groupBy([...links, ...stored], ({ epoch, seq }) => placeOf(epoch, seq));
  const after = Map.groupBy(
    stored.filter(({ prev }) => prev !== undefined),
    ({ epoch, seq }) => placeOf(epoch, seq),
  );
  const isBroken = ({ epoch, seq, sha256, prev }: Link): boolean => {
    const before = known.get(placeOf(epoch, seq - 1)) ?? [];
    const next = after.get(placeOf(epoch, seq + 1)) ?? [];
    return (
      (before.length > 0 && before.every((link) => link.sha256 !== prev)) ||
      (next.length > 0 && next.every((link) => link.prev !== sha256))
    );
  };
  return new Set(links.filter(isBroken));
};
