/**
 * Opens a pool of connections to PostgreSQL, with typed queries (Drizzle) beside plain SQL (postgres.js).
 * Rule: one driver everywhere; whoever opens a database disposes of it.
 */
import { type Socket, connect } from "node:net";
import type { Sql as DriverSql, ISql, PendingQuery, Row, TransactionSql } from "postgres";
import { drizzle, postgres } from "./driver.ts";
import * as schema from "./schema.ts";

export type Sql = DriverSql;
export type Transaction = TransactionSql;
/** A pool or a transaction: whatever takes a query. */
export type Queryable = ISql;
/** A statement that was asked: its rows, and a way to give it up. */
export type Asking<Of extends object> = PendingQuery<Of[] & Row[]>;
/** A piece of a statement. */
export type Fragment = PendingQuery<Row[]>;

export type Database = AsyncDisposable & {
  /** Plain SQL, for the hot paths. */
  sql: Sql;
  /** Typed queries, for everything else. */
  orm: ReturnType<typeof drizzle<typeof schema>>;
};

/**
 * Connects with Nagle's algorithm off, which the driver leaves on: statements that are sent one behind the other would
 * wait 40 ms for the server's delayed acknowledgement.
 */
const connectAtOnce = ({ path, host, port }: { path?: string; host: string[]; port: number[] }): Socket =>
  path ? connect(path) : connect({ host: host[0] ?? "127.0.0.1", port: port[0] ?? 5432, noDelay: true });

/** The driver's option for it, which its types leave out. */
const SOCKET: object = { socket: connectAtOnce };

/**
 * What the server ends by itself when nobody here can any more: a query that runs for half a minute, and a transaction whose
 * owner was cut off (its locks would hold up a collector for two hours, until TCP notices).
 */
const LIMITS = { statement_timeout: 30_000, idle_in_transaction_session_timeout: 15_000 };

/** How statements are planned, on whatever PostgreSQL: compiling short ones costs more than it saves, and data is on flash. */
const PLANNER = { jit: "off", random_page_cost: "1.1" };

/** What the server works as (migration 0002): it owns nothing, and can only add to evidence and to the access log. */
export const APP_ROLE = "chaverim_app";

export type DatabaseOptions = {
  /** Every connection works with this role's rights from its start; left out, with those of the login itself. */
  role?: typeof APP_ROLE;
  /** Connections at most. Default 12: two cores do not gain from more, and each costs PostgreSQL about 10 MB. */
  max?: number;
  applicationName?: string;
};

/** PostgreSQL's type numbers of dates and times, and of arrays of them and of numbers: what Drizzle takes over. */
const TAKEN_OVER = [1184, 1082, 1083, 1114, 1182, 1185, 1115, 1231];

/**
 * Drizzle makes its client pass dates and arrays through as text, for plain SQL as well. Its own columns take Date values
 * either way, so the client's behaviour is put back.
 */
const wrapWithDrizzle = (sql: Sql): Database["orm"] => {
  const { parsers, serializers } = sql.options;
  const before = TAKEN_OVER.map((type) => ({ type, parse: parsers[type], serialize: serializers[type] }));
  const orm = drizzle(sql, { schema });
  for (const { type, parse, serialize } of before) {
    if (parse) parsers[type] = parse;
    else delete parsers[type];
    if (serialize) serializers[type] = serialize;
    else delete serializers[type];
  }
  return orm;
};

/**
 * Opens a pool; connects on first use.
 * @param url postgres://user:password@host:port/database
 */
export const openDatabase = (url: string, options: DatabaseOptions = {}): Database => {
  const sql = postgres(url, {
    max: options.max ?? 12,
    // A dead server is noticed within the 5 s that ingest may wait.
    connect_timeout: 5,
    ...SOCKET,
    // Notices (such as "relation already exists") are for psql, not for a log.
    onnotice: () => undefined,
    connection: {
      application_name: options.applicationName ?? "chaverim",
      timezone: "UTC",
      // As a parameter of the start, so that RESET ROLE falls back to it and not to the login.
      ...(options.role ? { role: options.role } : {}),
      ...LIMITS,
      ...PLANNER,
    },
  });
  return {
    sql,
    orm: wrapWithDrizzle(sql),
    // Five seconds for running statements: the whole shutdown has ten.
    [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
  };
};
