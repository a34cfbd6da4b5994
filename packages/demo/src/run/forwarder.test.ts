/** Tests of the uplink that can be cut, with a real HTTP server behind it. */
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openForwarder } from "./forwarder.ts";
import type { Forwarder } from "./forwarder.ts";

const server = createServer((request, response) => {
  if (request.url === "/slow") return;
  response.end("here");
});
let forwarder: Forwarder;
const get = async (path = "/") => (await fetch(`http://127.0.0.1:${forwarder.port}${path}`)).text();

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  forwarder = await openForwarder({ host: "127.0.0.1", port: address.port });
});
afterEach(async () => {
  await forwarder.cut();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("requests pass through", async () => {
  expect(await get()).toBe("here");
});

test("a cut breaks what is under way and refuses what comes, and mending restores the same address", async () => {
  const broken = get("/slow").catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await forwarder.cut();
  expect(await broken).toMatchObject({ message: "fetch failed" });
  await expect(get()).rejects.toThrow("fetch failed");
  await forwarder.mend();
  expect(await get()).toBe("here");
});

test("cutting and mending twice is the same as once", async () => {
  await forwarder.cut();
  await forwarder.cut();
  await forwarder.mend();
  await forwarder.mend();
  expect(await get()).toBe("here");
});
