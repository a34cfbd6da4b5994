/**
 * The login that the embedded database's server and tools work with.
 * Rule: it owns nothing; its password is random and stands in a 0600 file beside the owner's.
 */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { postgres } from "./driver.ts";
import { APP_ROLE } from "./open.ts";

const USER = "alpr_app";

/**
 * Makes the login once. Its file is written last: what was cut short in between is made anew, with a new password.
 * @param ownerUrl how to reach the cluster as its superuser
 * @param path where the password stands
 * @returns the same address with the login that owns nothing
 */
export const ensureAppLogin = async (ownerUrl: string, path: string): Promise<string> => {
  const url = new URL(ownerUrl);
  url.username = USER;
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => undefined });
  try {
    // Tools may come at the same moment.
    await sql`select pg_advisory_lock(hashtext('chaverim.login'))`;
    const roles = await sql<{ name: string }[]>`select rolname as name from pg_roles`;
    const isThere = (role: string) => roles.some(({ name }) => name === role);
    url.password = (await readFile(path, "utf8").catch(() => "")).trim();
    if (url.password !== "" && isThere(USER)) return url.href;
    // 24 random bytes; these characters need no escaping in an address or in SQL.
    url.password = randomBytes(24).toString("base64url");
    if (!isThere(APP_ROLE)) await sql.unsafe(`create role ${APP_ROLE} nologin`);
    if (!isThere(USER)) await sql.unsafe(`create role ${USER} login in role ${APP_ROLE}`);
    await sql.unsafe(`alter role ${USER} password '${url.password}'`);
    await writeFile(`${path}.new`, url.password, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return url.href;
  } finally {
    await sql.end({ timeout: 1 });
  }
};
