/**
 * Commands for people: whoever may run them stands above the roles, so they are also the way out when nobody can sign in.
 * Rule: a password comes on standard input, and a secret or a link is printed once.
 */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PASSWORD_MAX, PASSWORD_MIN, normalizeEmail, roleSchema } from "@chaverim/contracts";
import { users } from "@chaverim/db/schema";
import * as z from "zod";
import { hashPassword } from "../../auth/passwords.ts";
import { createTotpSecret, describeTotp } from "../../auth/totp.ts";
import { ConfigError } from "../../config.ts";
import { AppError } from "../../failure.ts";
import { type CentralKeys, openKeys } from "../../keys.ts";
import { lineSchema as line } from "../../line.ts";
import { assertKeysFit } from "../opening.ts";
import type { Command, Console } from "./command.ts";

/** The keys that the server of this database uses; made here only where the database lies beside them. */
const openServerKeys = async ({ database, config }: Console): Promise<CentralKeys> => {
  const keys = await openKeys(join(config.dataDir, "keys"), config.databaseUrl === null).catch((cause: unknown) => {
    throw new ConfigError("DATA_DIR has no key files: set it to the server's DATA_DIR, and start the server once.", {
      cause,
    });
  });
  await assertKeysFit(database, keys);
  return keys;
};

const emailSchema = z.string().max(254).transform(normalizeEmail).pipe(z.email());

const add: Command = {
  usage: "user add --email E --name N --role admin|operator|viewer --password-stdin",
  about: "make an account; prints the secret for its authenticator app, once",
  options: ["email", "name", "role"],
  flags: ["password-stdin"],
  changes: true,
  run: async (options, console) => {
    const user = z.object({ email: emailSchema, name: line(100), role: roleSchema }).parse(options);
    if (!options["password-stdin"])
      throw new AppError("invalid", "Give the password on standard input: --password-stdin");
    const password = z
      .string()
      .min(PASSWORD_MIN, `A password has at least ${PASSWORD_MIN} characters.`)
      .max(PASSWORD_MAX)
      .parse((await text(process.stdin)).replace(/\r?\n$/, ""));
    const keys = await openServerKeys(console);
    const secret = createTotpSecret();
    const [made] = await console.database.orm
      .insert(users)
      .values({ ...user, passwordHash: await hashPassword(password), totpSecret: keys.seal(secret) })
      .onConflictDoNothing()
      .returning({ id: users.id });
    if (!made) throw new AppError("conflict", `${user.email} has an account already.`);
    return { id: made.id, email: user.email, ...describeTotp(secret, user.email) };
  },
};

export const userCommands: Record<string, Command> = { "user add": add };
