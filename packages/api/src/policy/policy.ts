/**
 * The policy in force, and its versions.
 * Rule: a version is added, never changed, so that an entry of the access log can always be read with the policy of its day.
 */
import {
  DEFAULT_POLICY,
  type Notice,
  type PolicySettings,
  type PolicyView,
  policySettingsSchema,
} from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { AppError } from "../failure.ts";

export type PolicyInForce = { version: number; settings: PolicySettings };

export type Policy = {
  /** The policy in force; at most two seconds old when another process changed it. */
  current: () => Promise<PolicyInForce>;
  /** With who set it and when, read now. */
  read: () => Promise<PolicyView>;
  /**
   * Puts new settings in force, and tells all other administrators.
   * @param basedOn the version that whoever made them has seen
   * @returns the new version
   * @throws AppError conflict when another one is in force by now, invalid when two purposes have the same code
   */
  set: (settings: PolicySettings, basedOn: number, userId: string | null) => Promise<number>;
};

/** Asked with each request; a change elsewhere may take this long to be seen here. */
const KEPT_MS = 2000;

type PolicyRow = { version: number; settings: unknown; setAt: Date; setBy: string | null };

/** Settings of an older release lack what came later: the defaults fill it in. */
const complete = (stored: unknown): PolicySettings => {
  const given = stored as Partial<PolicySettings>;
  return policySettingsSchema.parse({ ...DEFAULT_POLICY, ...given });
};

/** An entry of the access log names the code alone. */
const assertCodesDiffer = ({ purpose }: PolicySettings): void => {
  const codes = purpose.codes.map(({ code }) => code);
  const twice = codes.find((code, index) => codes.indexOf(code) !== index);
  if (twice) throw new AppError("invalid", `Two purposes have the code ${twice}.`);
};

/** On each of their devices: whoever weakens the policy is not alone in knowing it. */
const tellAdministrators = (transaction: Transaction, userId: string | null) => transaction`
  insert into notices (user_id, kind, detail)
  select id, ${"policy_changed" satisfies Notice["kind"]}, jsonb_build_object('by', (select name from users where id = ${userId}))
  from users where role = 'admin' and disabled_at is null and id is distinct from ${userId}`;

/** The policy kept in the database `sql`. */
export const createPolicy = (sql: Sql): Policy => {
  let kept: { policy: Promise<PolicyInForce>; untilMs: number } | null = null;
  const newest = async (): Promise<PolicyRow | undefined> => {
    const [row] = await sql<PolicyRow[]>`
      select p.version, p.settings, p.set_at as "setAt", u.name as "setBy"
      from policies p left join users u on u.id = p.set_by order by p.version desc limit 1`;
    return row;
  };
  const fetch = async (): Promise<PolicyInForce> => {
    const row = await newest();
    return row ? { version: row.version, settings: complete(row.settings) } : { version: 0, settings: DEFAULT_POLICY };
  };
  return {
    current: () => {
      const nowMs = performance.now();
      if (!kept || kept.untilMs < nowMs) {
        const policy = fetch();
        const keeping = { policy, untilMs: nowMs + KEPT_MS };
        // A failure is told to whoever waits now, and asked again by the next.
        policy.catch(() => kept === keeping && (kept = null));
        kept = keeping;
      }
      return kept.policy;
    },
    read: async () => {
      const row = await newest();
      if (!row) return { version: 0, settings: DEFAULT_POLICY, setAt: null, setBy: null };
      return {
        version: row.version,
        settings: complete(row.settings),
        setAt: row.setAt.toISOString(),
        setBy: row.setBy,
      };
    },
    set: async (settings, basedOn, userId) => {
      assertCodesDiffer(settings);
      const version = await sql.begin(async (transaction) => {
        await transaction`select pg_advisory_xact_lock(hashtext('chaverim.policies'))`;
        const [row] = await transaction<{ version: number }[]>`
          insert into policies (settings, set_by) select ${JSON.stringify(settings)}::text::jsonb, ${userId}
          where (select coalesce(max(version), 0) from policies) = ${basedOn} returning version`;
        if (row) await tellAdministrators(transaction, userId);
        return row?.version;
      });
      if (version === undefined)
        throw new AppError("conflict", "Somebody else changed the policy meanwhile. Read it again, then change it.");
      kept = null;
      return version;
    },
  };
};
