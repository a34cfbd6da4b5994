/**
 * What a command of the operator is made of.
 * Rule: each file here exports one record of commands by name; cli.ts lists the records and knows nothing else of them.
 */
import type { Database } from "@chaverim/db/open";
import type { Config } from "../../config.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Sessions } from "../../sessions/port.ts";

/** What a command works with; its server may be running beside it. */
export type Console = { config: Config; database: Database; policy: Policy; sessions: Sessions };

export type Options = Readonly<Record<string, string | boolean | undefined>>;
export type Result = Record<string, unknown>;

export type Command = {
  /** As it is typed behind `npm run -s alpr --`. */
  usage: string;
  about: string;
  /** Names of options with a value; never a secret, because they are written into the access log. */
  options: readonly string[];
  /** Names of options without a value. */
  flags?: readonly string[];
  /** Written into the access log before it is done. */
  changes: boolean;
  run: (options: Options, console: Console) => Promise<Result>;
  /** Of a command that checks something: false is exit code 1. */
  isWell?: (result: Result) => boolean;
};
