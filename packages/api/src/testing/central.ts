/**
 * A whole central for one test file: its own database, its own directory, a real HTTP server on a free port.
 * Rule: opened as main.ts opens it; only what a test must reach (pool, store, limits) is taken from the record.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Role } from "@chaverim/contracts";
import type { Sql } from "@chaverim/db/open";
import { openTestDatabase } from "@chaverim/db/testing";
import { inject } from "vitest";
import type { Central } from "../central.ts";
import { placeCamera } from "../collectors/cameras.ts";
import { addCollector } from "../collectors/keys.ts";
import { type Config, readConfig } from "../config.ts";
import { silentLog } from "../log.ts";
import { openCentral } from "../open-central.ts";
import { type Browser, type UserOverrides, aUser, openBrowser, signInAs, statePurpose } from "./people.ts";

export type TestCollector = { id: string; name: string; apiKey: string };

export type TestCentral = AsyncDisposable & {
  central: Central;
  /** Where it listens, whatever its public address is. */
  url: string;
  sql: Sql;
  /** The address of this central's own database. */
  databaseUrl: string;
  dataDir: string;
  /** Registers a collector; `cameras` are approved at once. */
  addCollector: (cameras?: readonly string[]) => Promise<TestCollector>;
  /** A browser that nobody is signed in with. */
  openBrowser: (userAgent?: string) => Browser;
  /** A new person of this role, signed in with password and code over HTTP, with a purpose stated unless told not to. */
  signIn: (role: Role, options?: UserOverrides & { purpose?: boolean }) => Promise<Browser>;
};

export type TestCentralOptions = {
  config?: Partial<Config>;
  /** Another database than a copy of the migrated template. */
  databaseUrl?: string;
};

let collectors = 0;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Opens central on a copy of the migrated template database. */
export const openTestCentral = async (options: TestCentralOptions = {}): Promise<TestCentral> => {
  await using opening = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "chaverim-central-"));
  opening.defer(() => rm(dataDir, { recursive: true, force: true }));
  const copy = options.databaseUrl ? null : opening.use(await openTestDatabase(inject("testServerUrl")));
  const databaseUrl = options.databaseUrl ?? copy?.url ?? "";
  const port = await freePort();
  const config = {
    ...readConfig({ PORT: String(port), DATA_DIR: dataDir, DATABASE_URL: databaseUrl }),
    ...options.config,
  };
  const { central } = opening.use(await openCentral(config, silentLog));
  const { sql } = central.database;
  const url = `http://127.0.0.1:${port}`;
  const browse = (userAgent?: string) => openBrowser(url, central.origins.publicUrl, userAgent);
  const opened = opening.move();
  return {
    central,
    url,
    sql,
    databaseUrl,
    dataDir,
    addCollector: async (cameras = []) => {
      const name = `Collector ${++collectors}`;
      const added = await addCollector(sql, name, null);
      for (const id of cameras) await placeCamera(sql, name, { id });
      return { name, ...added };
    },
    openBrowser: browse,
    signIn: async (role, { purpose = true, ...overrides } = {}) => {
      // Every test comes from one address, which may sign in five times a minute.
      await central.limits.forget("signIn", "127.0.0.1");
      const browser = await signInAs(browse(), await aUser(central, role, overrides));
      if (purpose) await statePurpose(central, browser);
      return browser;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
};
