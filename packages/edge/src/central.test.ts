/** The line to central: who is at its other end, and how far an answer is followed. */
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type RequestListener, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aLineTo, anApiKey, temporaryFolder } from "./testing.ts";

const ask = (url: string) => aLineTo(url)({ method: "GET", path: "/api/v1/keys", timeoutMs: 5000 });

/** A server of the test, its port, and what it was asked. */
const serve = async (answer: RequestListener, tls?: { key: Buffer; cert: Buffer }) => {
  const asked: (string | undefined)[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.headers["x-api-key"]?.toString());
    answer(request, response);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

test.skipIf(spawnSync("openssl", ["version"]).status !== 0)(
  "a central whose certificate nobody vouches for is not given the key",
  async () => {
    await using folder = await temporaryFolder();
    const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, "-keyout", key, "-out", cert],
      {
        stdio: "ignore",
      },
    );
    await using impostor = await serve((_request, response) => response.end("{}"), {
      key: readFileSync(key),
      cert: readFileSync(cert),
    });
    expect(await ask(`https://127.0.0.1:${impostor.port}`)).toEqual({
      kind: "unreachable",
      reason: expect.stringMatching(/self-signed certificate/),
      timedOut: false,
    });
    expect(impostor.asked).toEqual([]);
  },
);

test("an answer that sends elsewhere is an answer, and the key is taken nowhere", async () => {
  await using elsewhere = await serve((_request, response) => response.end("{}"));
  await using central = await serve((_request, response) =>
    response.writeHead(307, { Location: `http://127.0.0.1:${elsewhere.port}/` }).end(),
  );
  expect(await ask(`http://127.0.0.1:${central.port}`)).toMatchObject({ kind: "answered", status: 307 });
  expect([central.asked, elsewhere.asked]).toEqual([[anApiKey], []]);
});

test("an answer without end is given up", async () => {
  await using central = await serve((_request, response) => {
    const more = () => void (response.destroyed || response.write(Buffer.alloc(1024 * 1024), more));
    more();
  });
  expect(await ask(`http://127.0.0.1:${central.port}`)).toMatchObject({ kind: "unreachable", timedOut: false });
});
