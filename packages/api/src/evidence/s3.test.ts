/** The S3 store on a server that truly enforces Object Lock: the common contract, the lock, its self-test, and outages. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, RETENTION_MODES } from "minio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openS3Store, type S3StoreOptions } from "./s3.ts";
import { objectPath, StoreUnavailableError, type EvidenceStore } from "./store.ts";
import {
  canStartObjectLockServer,
  INSTALL_COMMAND,
  startObjectLockServer,
  type ObjectLockServer,
} from "./testing/object-lock-server.ts";
import { commitOne, readAll, testStoreContract } from "./testing/store-contract.ts";

const DAY_MS = 86_400_000;
const warnings: string[] = [];
const log = {
  info: () => undefined,
  warn: (_: object, message: string) => void warnings.push(message),
  error: (_: object, message: string) => void warnings.push(message),
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evidence-s3-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const optionsFor = (endpoint: string, bucket: string): S3StoreOptions => ({
  endpoint,
  bucket,
  accessKey: "testkey",
  secretKey: "testsecret",
  region: "us-east-1",
  spoolDirectory: join(directory, bucket),
  retentionDays: 3,
  log,
});

const haveServer = canStartObjectLockServer();
const needed = haveServer ? "" : ` (skipped; to have it tested: ${INSTALL_COMMAND})`;
describe.skipIf(!haveServer)(`on a server with Object Lock${needed}`, { timeout: 60_000 }, () => {
  let server: ObjectLockServer;
  let store: EvidenceStore;
  let client: Client;
  const bucket = "evidence";
  beforeAll(async () => {
    server = await startObjectLockServer();
    const { hostname, port } = new URL(server.endpoint);
    client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: server.accessKey,
      secretKey: server.secretKey,
      region: "us-east-1",
    });
    store = await openS3Store(optionsFor(server.endpoint, bucket));
  }, 120_000);
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  }, 30_000);

  describe("the contract", () => {
    testStoreContract(() => ({ store, stagingDirectory: join(directory, bucket) }));
  });

  /** Commits random bytes and gives their name and the version, which must be there. */
  const commitLocked = async (bytes = randomBytes(100)) => {
    const { sha256, versionId } = await commitOne(store, bytes);
    if (versionId === null) throw new Error("the store keeps no versions");
    return { sha256, versionId, key: objectPath(sha256) };
  };

  test("the self-test makes the claim of tamper resistance, and a second start reuses its canary", async () => {
    expect(store).toMatchObject({ kind: "s3", tamperResistant: true });
    const canary = (await client.statObject(bucket, "canary/object-lock")).versionId;
    await using again = await openS3Store(optionsFor(server.endpoint, bucket));
    expect(again.tamperResistant).toBe(true);
    expect((await client.statObject(bucket, "canary/object-lock")).versionId).toBe(canary);
  });

  test("a committed version cannot be deleted, not even with the right to bypass governance locks", async () => {
    const bytes = randomBytes(100);
    const { sha256, versionId, key } = await commitLocked(bytes);
    await expect(client.removeObject(bucket, key, { versionId })).rejects.toMatchObject({ code: "AccessDenied" });
    await expect(client.removeObject(bucket, key, { versionId, governanceBypass: true })).rejects.toMatchObject({
      code: "AccessDenied",
    });
    expect((await readAll(store, sha256, versionId))?.equals(bytes)).toBe(true);
  });

  test("a committed version is locked in COMPLIANCE mode for the retention, which cannot be shortened", async () => {
    const { versionId, key } = await commitLocked();
    const retention = await client.getObjectRetention(bucket, key, { versionId });
    expect(retention?.mode).toBe("COMPLIANCE");
    expect(Math.abs(Date.parse(retention?.retainUntilDate ?? "") - (Date.now() + 3 * DAY_MS))).toBeLessThan(60_000);
    const retainUntilDate = new Date(Date.now() + DAY_MS).toISOString();
    const shorten = client.putObjectRetention(bucket, key, {
      mode: RETENTION_MODES.COMPLIANCE,
      retainUntilDate,
      versionId,
    });
    await expect(shorten).rejects.toMatchObject({ code: "AccessDenied" });
  });

  test("a plain delete hides an object from others, while its version stays readable and is not lost to a new commit", async () => {
    const bytes = randomBytes(100);
    const { sha256, versionId, key } = await commitLocked(bytes);
    await client.removeObject(bucket, key);
    expect(await store.read(sha256, null)).toBeNull();
    expect((await readAll(store, sha256, versionId))?.equals(bytes)).toBe(true);
    await commitLocked(bytes);
    expect((await readAll(store, sha256))?.equals(bytes)).toBe(true);
  });

  test("another version laid over an object is not taken for it: the evidence reads the same and is stored anew", async () => {
    const bytes = randomBytes(100);
    const { sha256, versionId, key } = await commitLocked(bytes);
    await client.putObject(bucket, key, randomBytes(100));
    expect((await readAll(store, sha256, versionId))?.equals(bytes)).toBe(true);
    const again = await commitLocked(bytes);
    expect((await readAll(store, sha256, again.versionId))?.equals(bytes)).toBe(true);
    expect(warnings.at(-1)).toMatch(/other bytes/);
  });

  test("bytes that come again under a longer retention have their lock extended", async () => {
    const bytes = randomBytes(100);
    const { versionId, key } = await commitLocked(bytes);
    await using longer = await openS3Store({
      ...optionsFor(server.endpoint, bucket),
      spoolDirectory: join(directory, "longer"),
      retentionDays: 5,
    });
    expect(await commitOne(longer, bytes)).toMatchObject({ versionId });
    const retention = await client.getObjectRetention(bucket, key, { versionId });
    expect(Date.parse(retention?.retainUntilDate ?? "")).toBeGreaterThan(Date.now() + 4.9 * DAY_MS);
  });

  test("a bucket without Object Lock is used, but nothing is claimed for it", async () => {
    await client.makeBucket("plain", "us-east-1");
    await using plain = await openS3Store(optionsFor(server.endpoint, "plain"));
    expect(plain.tamperResistant).toBe(false);
    expect(warnings.at(-1)).toMatch(/failed the lock self-test/);
    const bytes = randomBytes(100);
    const { sha256, versionId } = await commitOne(plain, bytes);
    expect((await readAll(plain, sha256, versionId))?.equals(bytes)).toBe(true);
  });

  test("a wrong secret and an unknown bucket are unavailable, never missing evidence", async () => {
    await expect(openS3Store({ ...optionsFor(server.endpoint, bucket), secretKey: "wrong" })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    await client.makeBucket("vanishing", "us-east-1");
    await using vanishing = await openS3Store(optionsFor(server.endpoint, "vanishing"));
    await client.removeObject("vanishing", "canary/object-lock");
    await client.removeBucket("vanishing");
    await expect(vanishing.check()).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(commitOne(vanishing, randomBytes(10))).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  describe("behind a line that can fail", () => {
    // A relay to the real server, whose behaviour each test chooses. It works on bytes, so signatures stay valid.
    let behaviour: "relay" | "silent" | "broken" = "relay";
    let endpoint: string;
    const open = new Set<Socket>();
    const proxy = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      if (behaviour === "broken")
        socket.once("data", () => socket.end("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
      if (behaviour !== "relay") return;
      const onward = connect(Number(new URL(server.endpoint).port), "127.0.0.1");
      onward.on("error", () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    const become = (next: typeof behaviour) => {
      behaviour = next;
      for (const socket of open) socket.destroy();
      open.clear();
    };
    beforeAll(async () => {
      await new Promise<void>((bound) => proxy.listen(0, "127.0.0.1", bound));
      endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      become("relay");
      proxy.close();
    });

    test.each(["silent", "broken"] as const)(
      "a %s server is unavailable within the deadline, leaves no staged bytes, and is used again when it recovers",
      async (fault) => {
        become("relay");
        await using remote = await openS3Store({
          ...optionsFor(endpoint, bucket),
          spoolDirectory: join(directory, fault),
          requestTimeoutMs: 1500,
        });
        become(fault);
        const bytes = randomBytes(1000);
        const begunAt = performance.now();
        await expect(commitOne(remote, bytes)).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(remote.check()).rejects.toBeInstanceOf(StoreUnavailableError);
        expect(performance.now() - begunAt).toBeLessThan(6000);
        expect(await readdir(join(directory, fault))).toEqual([]);
        become("relay");
        const { sha256 } = await commitOne(remote, bytes);
        expect((await readAll(remote, sha256))?.equals(bytes)).toBe(true);
      },
    );
  });
});

test("a server that is not there is unavailable", async () => {
  // Port 9 of the loopback (discard) has no listener on any machine we know; a refused connection is all that is asked.
  await expect(openS3Store(optionsFor("http://127.0.0.1:9", "nowhere"))).rejects.toBeInstanceOf(StoreUnavailableError);
});
