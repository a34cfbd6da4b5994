/**
 * Starts an S3 server with real Object Lock for a test (scripts/object-lock-server.sh) and stops it again.
 * Rule: ports and files are this server's own, and it ends with the process that started it, however that ends.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = fileURLToPath(new URL("../../../../../scripts/object-lock-server.sh", import.meta.url));

/** What makes `canStartObjectLockServer` true on Debian. */
export const INSTALL_COMMAND = "apt-get install -y --no-install-recommends ceph-mon ceph-osd ceph-common radosgw";

export const canStartObjectLockServer = (): boolean =>
  ["ceph-mon", "ceph-osd", "radosgw", "ceph"].every((name) => existsSync(join("/usr/bin", name)));

/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((bound) => server.once("listening", bound));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
};

export type ObjectLockServer = {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  directory: string;
} & AsyncDisposable;

/** Starts the server; takes about 15 s. */
export const startObjectLockServer = async (): Promise<ObjectLockServer> => {
  const directory = await mkdtemp(join(tmpdir(), "object-lock-"));
  const [port, monitorPort] = await Promise.all([freePort(), freePort()]);
  await run(script, ["start", directory, String(port), String(monitorPort), String(process.pid)]);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKey: "testkey",
    secretKey: "testsecret",
    directory,
    [Symbol.asyncDispose]: async () => {
      await run(script, ["stop", directory]);
      await rm(directory, { recursive: true, force: true });
    },
  };
};
