/**
 * An S3 server with Object Lock of its own (scripts/object-lock-server.sh), which tests may kill, freeze and read directly.
 * Rule: what it holds is asked of the server itself, with signed requests of ours (AWS Signature Version 4).
 */
import { execFileSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, freePort, until } from "./processes.ts";

const SCRIPT = join(ROOT, "scripts/object-lock-server.sh");
const SERVER = "/usr/bin/radosgw";
const PROGRAMS = ["/usr/bin/ceph-mon", "/usr/bin/ceph-osd", "/usr/bin/ceph", SERVER];
const ACCESS_KEY = "testkey";
const SECRET_KEY = "testsecret";
const REGION = "us-east-1";
const BUCKET = "evidence";
const STARTS_MAX = 3;

export const canOpenObjectStore = (): boolean => PROGRAMS.every((path) => existsSync(path));

export type ObjectStore = {
  port: number;
  /** What central is told of it; `endpoint` is where the line to it begins. */
  environment: (endpoint: string) => Record<string, string>;
  /** SIGSTOP, SIGCONT or SIGKILL to the server that answers. */
  signal: (name: NodeJS.Signals) => void;
  /** Starts it again after SIGKILL; what it held is still there. */
  startAgain: () => Promise<void>;
  /** The keys of all objects. */
  list: () => Promise<string[]>;
  /** Null when there is none. */
  read: (key: string) => Promise<Buffer | null>;
  stop: () => void;
};

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A signed GET; `query` sorted by name, its values as they go over the line. */
const get = async (port: number, path: string, query = ""): Promise<Response> => {
  const host = `127.0.0.1:${port}`;
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const names = "host;x-amz-content-sha256;x-amz-date";
  const headers = `host:${host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:${time}\n`;
  const request = ["GET", path, query, headers, names, "UNSIGNED-PAYLOAD"].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(request)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${SECRET_KEY}`);
  const signature = hmac(key, toSign).toString("hex");
  return fetch(`http://${host}${path}?${query}`, {
    headers: {
      "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      "x-amz-date": time,
      Authorization: `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    },
  });
};

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port }, () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

/** Starts it in a folder of its own, which takes about 15 s; it ends with this process. */
export const openObjectStore = async (): Promise<ObjectStore> => {
  const folder = mkdtempSync(join(tmpdir(), "e2e-objects-"));
  const [port, monitorPort] = [await freePort(), await freePort()];
  const run = (...args: string[]) => execFileSync(SCRIPT, args, { stdio: ["ignore", "ignore", "pipe"] });
  // Before it starts: a start that is interrupted leaves something to stop as well.
  const stop = (): void => {
    run("stop", folder);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", stop);
  for (let tries = 1; ; tries++) {
    try {
      run("start", folder, String(port), String(monitorPort), String(process.pid));
      break;
    } catch (error) {
      // An OSD of version 16 crashes now and then while it starts; the script has stopped what was left of it.
      if (tries === STARTS_MAX) throw error;
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const list = async (): Promise<string[]> => {
    const keys: string[] = [];
    for (;;) {
      const after = keys.at(-1);
      const query = after === undefined ? "list-type=2" : `list-type=2&start-after=${encodeURIComponent(after)}`;
      const text = await (await get(port, `/${BUCKET}`, query)).text();
      keys.push(...[...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = ""]) => key));
      if (!text.includes("<IsTruncated>true<")) return keys;
    }
  };
  return {
    port,
    environment: (endpoint) => ({
      EVIDENCE_STORE: "s3",
      S3_ENDPOINT: endpoint,
      S3_BUCKET: BUCKET,
      S3_REGION: REGION,
      S3_ACCESS_KEY: ACCESS_KEY,
      S3_SECRET_KEY: SECRET_KEY,
    }),
    signal: (name) => void process.kill(Number(readFileSync(join(folder, "client.rgw.pid"), "utf8")), name),
    startAgain: async () => {
      await until("the killed server is gone", async () => !(await isListening(port)));
      execFileSync(SERVER, ["--conf", join(folder, "ceph.conf"), "--no-mon-config", "-n", "client.rgw"], {
        stdio: "ignore",
      });
      await until("the object store listens", () => isListening(port));
    },
    list,
    read: async (key) => {
      const answer = await get(port, `/${BUCKET}/${key}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(`The object store answered ${answer.status} for ${key}.`);
      return bytes;
    },
    stop,
  };
};
