/**
 * Runs deploy/nginx.conf in a real nginx in front of a small server that says what it was told.
 * Rule: only paths, ports and the address of central are rewritten; skipped where nginx is not installed.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, type Server, createServer, request as plainRequest } from "node:http";
import { type RequestOptions, request } from "node:https";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const nginx = spawnSync("sh", ["-c", "PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx"], {
  encoding: "utf8",
}).stdout.trim();

let folder = "";
let proxy: ChildProcess;
let central: Server;
let httpsPort = 0;
let httpPort = 0;
/** Bytes of the request that central had seen when it was asked how many. */
let arrived = 0;

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createSocketServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** The configuration as it is shipped, moved into `folder` and onto free ports. */
const movedConfiguration = (centralPort: number) => {
  const shipped = readFileSync(join(root, "deploy/nginx.conf"), "utf8");
  const changes: [string, string][] = [
    ["pid /run/nginx.pid;", `pid ${folder}/nginx.pid;`],
    [
      "http {",
      `http {\n${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n")}`,
    ],
    ["/etc/nginx/tls/certificate.pem", `${folder}/certificate.pem`],
    ["/etc/nginx/tls/key.pem", `${folder}/key.pem`],
    ["server central:3000;", `server 127.0.0.1:${centralPort};`],
    ["listen 80;", `listen 127.0.0.1:${httpPort};`],
    ["listen 443 ssl http2;", `listen 127.0.0.1:${httpsPort} ssl http2;`],
  ];
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`deploy/nginx.conf no longer says: ${from}`);
    return text.replace(from, to);
  }, shipped);
};

const startCentral = async () => {
  central = createServer((message, response) => {
    arrived = 0;
    message.on("data", (chunk: Buffer) => (arrived += chunk.length));
    message.on("end", () => {
      response.setHeader("Strict-Transport-Security", "max-age=1");
      response.end(JSON.stringify({ url: message.url, headers: message.headers, bytes: arrived }));
    });
  });
  central.on("upgrade", (message, socket) => {
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Asked: ${message.url}\r\n\r\n`,
    );
  });
  await new Promise<void>((resolve) => central.listen(0, "127.0.0.1", resolve));
  return (central.address() as AddressInfo).port;
};

const textOf = async (answer: IncomingMessage) => {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += String(chunk);
  return text;
};

const open = (path: string, options: RequestOptions = {}) =>
  request({ host: "127.0.0.1", port: httpsPort, path, rejectUnauthorized: false, ...options });

const ask = (path: string, options: RequestOptions = {}, body?: Buffer) =>
  new Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; text: string }>((resolve, reject) => {
    const asking = open(path, options);
    asking.on("error", reject);
    asking.on("response", (answer) => {
      textOf(answer).then((text) => resolve({ status: answer.statusCode, headers: answer.headers, text }), reject);
    });
    asking.end(body);
  });

const until = async (isSo: () => boolean | Promise<boolean>) => {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
};

// Skipped without nginx: there is nothing else that could judge its configuration.
describe.skipIf(nginx === "")("the proxy", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "proxy-"));
    mkdirSync(join(folder, "logs"));
    const subject = ["-subj", "/CN=alpr.example.org", "-days", "1"];
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...files], {
      stdio: "ignore",
    });
    [httpPort, httpsPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, "nginx.conf"), movedConfiguration(await startCentral()));
    proxy = spawn(nginx, ["-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"], { stdio: "ignore" });
    await until(() =>
      ask("/").then(
        () => true,
        () => false,
      ),
    );
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => proxy.on("close", resolve));
    proxy.kill("SIGTERM");
    await ended;
    central.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("nginx accepts the configuration", () => {
    const check = spawnSync(nginx, ["-t", "-p", folder, "-c", join(folder, "nginx.conf")], { encoding: "utf8" });
    expect(check.stderr).toContain("test is successful");
    expect(check.stderr).not.toContain("[warn]");
  });

  test("central is told the real address, whatever the caller claims", async () => {
    const { text } = await ask("/api/v1/ping", {
      headers: { "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http" },
    });
    const { headers } = JSON.parse(text) as { headers: Record<string, string> };
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(headers["x-forwarded-proto"]).toBe("https");
  });

  test("browsers are told once to come back over TLS alone", async () => {
    expect((await ask("/")).headers["strict-transport-security"]).toBe("max-age=31536000");
  });

  test("plain HTTP is sent to https, with the whole address", async () => {
    const answer = await new Promise<IncomingMessage>((resolve) => {
      plainRequest(
        { host: "127.0.0.1", port: httpPort, path: "/alerts?x=1", headers: { Host: "alpr.example.org" } },
        resolve,
      ).end();
    });
    expect([answer.statusCode, answer.headers.location]).toEqual([301, "https://alpr.example.org/alerts?x=1"]);
    answer.resume();
  });

  test("a WebSocket gets through to /trpc", async () => {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const asked = await new Promise((resolve, reject) => {
      const asking = open("/trpc?connectionParams=1", { headers });
      asking.on("upgrade", (answer, socket) => {
        socket.destroy();
        resolve(answer.headers["x-asked"]);
      });
      asking.on("response", (answer) => reject(new Error(`refused with ${answer.statusCode}`)));
      asking.on("error", reject);
      asking.end();
    });
    expect(asked).toBe("/trpc?connectionParams=1");
  });

  test("a batch of 32 MB reaches central whole, and one just above it too, so that central can say what is allowed", async () => {
    for (const bytes of [32 * 1024 * 1024, 32 * 1024 * 1024 + 1]) {
      const { status, text } = await ask("/api/v1/detections/batch", { method: "POST" }, Buffer.alloc(bytes));
      expect(status).toBe(200);
      expect((JSON.parse(text) as { bytes: number }).bytes).toBe(bytes);
    }
  });

  test("elsewhere more than 1 MB is refused", async () => {
    expect((await ask("/trpc/watchlists.create", { method: "POST" }, Buffer.alloc(1024 * 1024 + 1))).status).toBe(413);
  });

  test("a batch is handed on while it arrives", async () => {
    const asking = open("/api/v1/detections/batch", { method: "POST", headers: { "Content-Length": 200_000 } });
    const answered = new Promise((resolve) => asking.on("response", (answer) => resolve(textOf(answer))));
    arrived = 0;
    asking.write(Buffer.alloc(100_000));
    await until(() => arrived === 100_000);
    asking.end(Buffer.alloc(100_000));
    expect(await answered).toContain(`"bytes":200000`);
  });

  test("metrics are not for the outside", async () => {
    expect((await ask("/metrics")).status).toBe(404);
  });
});
