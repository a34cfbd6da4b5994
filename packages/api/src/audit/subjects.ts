/**
 * What an act by id is about, in words that its entry can be found and read by: the plate, the person or the thing.
 * Rule: asked before the act's entry is written, with one query, and never beyond the reach of whoever acts.
 */
import type { PolicySettings, ProcedureName } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import type { Central } from "../central.ts";
import { type Looker, alertInReach, reachOf } from "../detections/reach.ts";
import { toCell } from "./append.ts";

/** A plate, or the name of a person or thing. */
type Named = { plate?: string | null; subject?: string | null };
type Find = (sql: Sql, id: string, looker: Looker) => PromiseLike<Named[]>;

const ofEntry: Find = (sql, id) => sql<Named[]>`select normalized as plate from watchlist_entries where id = ${id}`;
const ofAlert: Find = (sql, id, looker) =>
  sql<Named[]>`select a.plate from alerts a where a.id = ${id} and ${alertInReach(sql, reachOf(looker))}`;
const ofPerson: Find = (sql, id) => sql<Named[]>`select name as subject from users where id = ${id}`;
const ofCollector: Find = (sql, id) => sql<Named[]>`select name as subject from collectors where id = ${id}`;

/** Where the id of an act stands in its input, when not in `id`. */
const ID_FIELDS: Readonly<Partial<Record<ProcedureName, string>>> = {
  "collectors.approveCamera": "cameraId",
  "collectors.revokeKey": "keyId",
};

const FINDS: Readonly<Partial<Record<ProcedureName, Find>>> = {
  "alerts.acknowledge": ofAlert,
  "alerts.resolve": ofAlert,
  "watchlists.setField": (sql, id) => sql<Named[]>`select name as subject from watchlists where id = ${id}`,
  "watchlists.removeEntry": ofEntry,
  "watchlists.restoreEntry": ofEntry,
  "collectors.approveCamera": (sql, id) => sql<Named[]>`
    select c.key || ', ' || o.name as subject from cameras c join collectors o on o.id = c.collector_id where c.id = ${id}`,
  "collectors.rotateKey": ofCollector,
  "collectors.revokeKey": (sql, id) => sql<Named[]>`
    select o.name as subject from collector_keys k join collectors o on o.id = k.collector_id where k.id = ${id}`,
  "collectors.revoke": ofCollector,
  "users.cancelInvitation": (sql, id) =>
    sql<Named[]>`select coalesce(name, email) as subject from invitations where id = ${id}`,
  "users.update": ofPerson,
  "users.setRole": ofPerson,
  "users.decide": (sql, id) => sql<Named[]>`
    select u.name as subject from approvals a join users u on u.id = a.user_id where a.id = ${id}`,
  "users.setDisabled": ofPerson,
  "users.resetAuthenticator": ofPerson,
  "users.resetPassword": ofPerson,
  "users.revokeDevice": (sql, id) => sql<Named[]>`
    select u.name as subject from sessions s join users u on u.id = s.user_id where s.id = ${id}`,
  "reviews.decide": (sql, id) => sql<Named[]>`
    select r.plate, u.name as subject from reviews r join users u on u.id = r.user_id where r.id = ${id}`,
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The names of the settings that differ, e.g. `contact, reviews.repeatLooks`; never what they say. */
const changedSettings = (before: PolicySettings, after: unknown): string => {
  const given = isObject(after) ? after : {};
  const differs = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other);
  return Object.entries(before)
    .flatMap(([group, settings]: [string, unknown]) => {
      const next = given[group];
      if (!isObject(settings)) return differs(settings, next) ? [group] : [];
      const fields = Object.keys(settings).filter((field) => differs(settings[field], isObject(next) && next[field]));
      return fields.map((field) => `${group}.${field}`);
    })
    .join(", ");
};

/** What an entry of this act holds beside its records. */
export const subjectOf = async (
  central: Pick<Central, "database" | "policy">,
  name: ProcedureName,
  input: unknown,
  looker: Looker,
): Promise<{ plate: string | null; found: Record<string, unknown> }> => {
  const given = isObject(input) ? input : {};
  if (name === "policy.set") {
    const { settings } = await central.policy.read();
    return { plate: null, found: { changed: changedSettings(settings, given["settings"]) } };
  }
  const find = FINDS[name];
  const id = given[ID_FIELDS[name] ?? "id"];
  if (!find || typeof id !== "string" || !UUID.test(id)) return { plate: null, found: {} };
  const [named] = await find(central.database.sql, id, looker);
  return { plate: named?.plate || null, found: named?.subject ? { subject: toCell(named.subject) } : {} };
};
