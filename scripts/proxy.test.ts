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
import { connect } from "node:tls";
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
      response.setHeader("Content-Security-Policy", "default-src 'self'");
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

  test("browsers are told once to come back over TLS alone, to this name and those below it", async () => {
    expect((await ask("/")).headers["strict-transport-security"]).toBe("max-age=31536000; includeSubDomains");
  });

  test("what nginx answers by itself carries the headers that central's answers have, and those of central stay as they are", async () => {
    const own = await ask("/metrics");
    expect(own.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "strict-transport-security": expect.any(String),
    });
    expect((await ask("/")).headers["content-security-policy"]).toBe("default-src 'self'");
  });

  test("TLS before 1.2 and ciphers without forward secrecy are refused", () => {
    const handshake = (...options: string[]) =>
      spawnSync("openssl", ["s_client", "-connect", `127.0.0.1:${httpsPort}`, ...options], {
        input: "",
        encoding: "utf8",
      }).stdout;
    expect(handshake("-tls1_3")).toMatch(/New, TLSv1\.3, Cipher is TLS_/);
    expect(handshake("-tls1_2")).toMatch(/Cipher is ECDHE-RSA-(AES\d+-GCM|CHACHA20)/);
    // Security level 0: openssl itself would offer these; it is nginx that refuses.
    for (const weak of [
      ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"],
    ])
      expect([weak, handshake(...weak)]).toEqual([weak, expect.stringContaining("Cipher is (NONE)")]);
  });

  test.each([
    ["a length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked"],
    ["two lengths", "Content-Length: 4\r\nContent-Length: 5"],
    ["an unknown coding", "Transfer-Encoding: xchunked"],
  ])("A request whose end can be read in two ways (%s) does not pass", async (_name, headers) => {
    const answered = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port: httpsPort, rejectUnauthorized: false }, () => {
        socket.write(
          `POST /trpc/auth.me HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n`,
        );
      });
      let text = "";
      socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      socket.on("end", () => resolve(text)).on("error", reject);
    });
    expect(answered).toMatch(/^HTTP\/1\.1 (400|501) /);
    expect(answered.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });

  test("TRACE is refused", async () => {
    expect((await ask("/", { method: "TRACE" })).status).toBe(405);
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

  test("a program that comes without TLS is refused and not redirected, so that nobody overlooks it", async () => {
    for (const path of ["/api/v1/heartbeat", "/trpc/auth.login"]) {
      const answer = await new Promise<IncomingMessage>((resolve) => {
        plainRequest({ host: "127.0.0.1", port: httpPort, path, method: "POST" }, resolve).end();
      });
      expect([path, answer.statusCode, answer.headers.location]).toEqual([path, 403, undefined]);
      answer.resume();
    }
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
