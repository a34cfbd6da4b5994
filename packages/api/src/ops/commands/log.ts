/**
 * Commands for the access log.
 * Rule: nothing here writes to it.
 */
import type { LogVerification } from "@chaverim/contracts";
import { verifyLog } from "../../audit/verify.ts";
import type { Command } from "./command.ts";

const describe = (broken: LogVerification["broken"]): string => {
  if (!broken) return "Every entry is as it was written.";
  return broken.problem === "missing"
    ? `Entry ${broken.id} is missing: somebody took it out of the log.`
    : `Entry ${broken.id} is not as it was written: somebody changed or exchanged it.`;
};

const verify: Command = {
  usage: "log verify",
  about: "check every entry of the access log; note the head, it proves later that nothing before it was rewritten",
  options: [],
  changes: false,
  run: async (_options, { database }) => {
    const { entries, broken, head } = await verifyLog(database.sql);
    return { entries, head: head?.id ?? 0, hash: head?.hash ?? "", intact: broken === null, verdict: describe(broken) };
  },
  isWell: ({ intact }) => intact === true,
};

export const logCommands: Record<string, Command> = { "log verify": verify };
