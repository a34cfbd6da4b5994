/**
 * Commands for people: whoever may run them stands above the roles, so they are also the way out when nobody can sign in.
 * Rule: a password comes on standard input, and a secret or a link is printed once.
 */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { normalizeEmail, roleSchema } from "@chaverim/contracts";
import { users } from "@chaverim/db/schema";
import * as z from "zod";
import { checkPassword } from "../../auth/password-rules.ts";
import { hashPassword } from "../../auth/passwords.ts";
import { createRecoveryCodes } from "../../auth/recovery.ts";
import { createTotpSecret, describeTotp } from "../../auth/totp.ts";
import { type Config, ConfigError } from "../../config.ts";
import { AppError } from "../../failure.ts";
import { type CentralKeys, openKeys } from "../../keys.ts";
import { resetAuthenticator, resetPassword, setDisabled } from "../../people/accounts.ts";
import {
  areaSchema,
  checkTrainedOn,
  emailSchema,
  nameSchema,
  readToday,
  reasonSchema,
  trainedOnSchema,
} from "../../people/fields.ts";
import { invitePerson } from "../../people/invite.ts";
import { readPeople } from "../../people/list.ts";
import { assertKeysFit } from "../opening.ts";
import type { Command, Console, Options } from "./command.ts";

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

/** Where people reach the server; without PUBLIC_URL it is served to this machine alone. */
const publicUrlOf = ({ publicUrl, port }: Config): string => publicUrl ?? `http://127.0.0.1:${port}`;

/** @throws AppError not_found */
const findUser = async ({ database }: Console, options: Options): Promise<{ id: string; email: string }> => {
  const { email } = z.object({ email: z.string().transform(normalizeEmail) }).parse(options);
  const [user] = await database.sql<{ id: string }[]>`select id from users where email = ${email}`;
  if (!user) throw new AppError("not_found", `Nobody has the address ${email}. alpr user list shows who there is.`);
  return { id: user.id, email };
};

const personSchema = z.object({
  email: emailSchema,
  name: nameSchema,
  role: roleSchema,
  area: areaSchema.optional(),
  trained: trainedOnSchema.optional(),
});

const add: Command = {
  usage: "user add --email E --name N --role admin|operator|viewer --password-stdin [--area A] [--trained YYYY-MM-DD]",
  about:
    "make an account; prints the secret for its authenticator app and ten recovery codes, once. The day of training is today unless told otherwise: whoever runs the command vouches for it",
  options: Object.keys(personSchema.shape),
  flags: ["password-stdin"],
  changes: true,
  run: async (options, console) => {
    const { trained, ...user } = personSchema.parse(options);
    await checkTrainedOn(console, trained);
    if (!options["password-stdin"])
      throw new AppError("invalid", "Give the password on standard input: --password-stdin");
    const password = (await text(process.stdin)).replace(/\r?\n$/, "");
    const { settings } = await console.policy.current();
    checkPassword(password, [user.email, user.name, settings.organisation]);
    const keys = await openServerKeys(console);
    const secret = createTotpSecret();
    const trainedOn = trained ?? (await readToday(console));
    const [made] = await console.database.orm
      .insert(users)
      .values({ ...user, trainedOn, passwordHash: await hashPassword(password), totpSecret: keys.seal(secret) })
      .onConflictDoNothing()
      .returning({ id: users.id });
    if (!made) throw new AppError("conflict", `${user.email} has an account already.`);
    const recoveryCodes = await console.database.sql.begin((transaction) => createRecoveryCodes(transaction, made.id));
    return { id: made.id, email: user.email, ...describeTotp(secret, user.email), recoveryCodes };
  },
};

const list: Command = {
  usage: "user list",
  about: "everybody with an account: role, area, day of the last training, open devices",
  options: [],
  changes: false,
  run: async (_options, { database }) => ({
    users: (await readPeople(database.sql)).map(
      ({ id, email, name, role, area, trainedOn, devices, hasAuthenticator, disabled }) => ({
        id,
        email,
        name,
        role,
        state: disabled ? "disabled" : hasAuthenticator ? "active" : "waits for a new authenticator",
        area,
        trainedOn,
        devices,
      }),
    ),
  }),
};

const invite: Command = {
  usage: "user invite --email E --name N --role admin|operator|viewer [--area A] [--trained YYYY-MM-DD]",
  about: "print a link with which somebody makes their own account within 48 hours, once",
  options: Object.keys(personSchema.shape),
  changes: true,
  run: async (options, console) => {
    const { trained, area, ...person } = personSchema.parse(options);
    const invited = { ...person, area: area ?? null, trainedOn: trained ?? null };
    const { invitation, link } = await invitePerson(console, publicUrlOf(console.config), null, invited);
    return { id: invitation.id, email: invitation.email, link, expiresAt: invitation.expiresAt };
  },
};

const disable: Command = {
  usage: "user disable --email E --reason R",
  about: "shut somebody out at once, on all devices; not the last administrator",
  options: ["email", "reason"],
  changes: true,
  run: async (options, console) => {
    const { reason } = z.object({ reason: reasonSchema }).parse(options);
    const { id, email } = await findUser(console, options);
    await setDisabled(console, null, { id, disabled: true, reason });
    return { id, email, disabled: true };
  },
};

const enable: Command = {
  usage: "user enable --email E",
  about: "let somebody in again",
  options: ["email"],
  changes: true,
  run: async (options, console) => {
    const { id, email } = await findUser(console, options);
    await setDisabled(console, null, { id, disabled: false, reason: null });
    return { id, email, disabled: false };
  },
};

const resetLost: Command = {
  usage: "user reset-authenticator --email E",
  about: "print a link with which somebody sets up a new authenticator within 48 hours; the password stays",
  options: ["email"],
  changes: true,
  run: async (options, console) => {
    const { id, email } = await findUser(console, options);
    const { link, expiresAt } = await resetAuthenticator(console, publicUrlOf(console.config), null, id);
    return { id, email, link, expiresAt };
  },
};

const resetForgotten: Command = {
  usage: "user reset-password --email E",
  about: "print a link with which somebody chooses a new password within 48 hours; the authenticator stays",
  options: ["email"],
  changes: true,
  run: async (options, console) => {
    const { id, email } = await findUser(console, options);
    const { link, expiresAt } = await resetPassword(console, publicUrlOf(console.config), null, id);
    return { id, email, link, expiresAt };
  },
};

export const userCommands: Record<string, Command> = {
  "user add": add,
  "user list": list,
  "user invite": invite,
  "user disable": disable,
  "user enable": enable,
  "user reset-authenticator": resetLost,
  "user reset-password": resetForgotten,
};
