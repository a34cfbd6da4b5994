/**
 * Entries of the access log as tests need them: at any time, by anybody.
 * Rule: written with the owner's rights past the chain, which takes no other time than now.
 */
import { DEFAULT_POLICY, type PolicySettings } from "@chaverim/contracts";
import { type Database, type Sql, openDatabase } from "@chaverim/db/open";
import type { TestCentral } from "../../testing/central.ts";

export type GivenEntry = {
  userId: string;
  at: string | Date;
  action?: string;
  plate?: string | null;
  filters?: Record<string, unknown>;
  purposeCode?: string | null;
  caseNumber?: string | null;
  outcome?: "ok" | "denied" | "error";
  failure?: string | null;
  recipient?: string | null;
};

/** A connection with the owner's rights on the database of `central`. */
export const openOwner = (central: TestCentral): Database => openDatabase(central.databaseUrl, { max: 1 });

/** Writes entries in order. @returns their ids */
export const writeEntries = (owner: Sql, entries: readonly GivenEntry[]): Promise<number[]> =>
  owner.begin(async (sql) => {
    await sql`alter table access_log disable trigger access_log_chain`;
    const ids: number[] = [];
    for (const entry of entries) {
      const { userId, at, plate = "7ABC123", filters = {}, action = "detections.search", outcome = "ok" } = entry;
      const [row] = await sql<{ id: number }[]>`
        insert into access_log (id, at, request_id, user_id, user_name, organisation, role, action, plate, filters, purpose_code,
          case_number, outcome, failure, recipient, policy_version, offline, previous_hash, hash)
        values ((select coalesce(max(id), 0) + 1 from access_log), ${new Date(at)}, 'test', ${userId}, 'Somebody', 'Chaverim',
          'operator', ${action}, ${plate}, ${JSON.stringify(filters)}::text::jsonb, ${entry.purposeCode ?? null},
          ${entry.caseNumber ?? null}, ${outcome}, ${entry.failure ?? null}, ${entry.recipient ?? null}, 0, false, '', '')
        returning id::float8 as id`;
      if (row) ids.push(row.id);
    }
    await sql`alter table access_log enable trigger access_log_chain`;
    return ids;
  });

/** The built-in policy with other reviews and another time zone. */
export const aPolicy = (reviews: Partial<PolicySettings["reviews"]> = {}, timeZone = "UTC"): PolicySettings => ({
  ...DEFAULT_POLICY,
  timeZone,
  reviews: { ...DEFAULT_POLICY.reviews, samplePerMonth: 0, ...reviews },
});
