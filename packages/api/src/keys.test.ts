/** Central's key files: who may read them, and what they do. */
import { createPublicKey, verify } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKeys } from "./keys.ts";

let folder = "";
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "keys-")), "keys");
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

test("Keys are made once, readable by their owner alone, and the same at the next start", async () => {
  const first = await openKeys(folder, true);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await readdir(folder)).toSorted()).toEqual(["receipts.pem", "secrets.key"]);
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  expect(Buffer.from(await readFile(join(folder, "secrets.key"), "utf8"), "base64")).toHaveLength(32);
  const second = await openKeys(folder, false);
  expect([second.keyId, second.publicKey]).toEqual([first.keyId, first.publicKey]);
  expect(second.unseal(first.seal(Buffer.from("secret"))).toString()).toBe("secret");
});

test("Two installations have nothing in common, and neither opens what the other sealed", async () => {
  const [one, other] = [await openKeys(folder, true), await openKeys(`${folder}-other`, true)];
  expect(one.keyId).not.toBe(other.keyId);
  expect(() => other.unseal(one.seal(Buffer.from("secret")))).toThrow("authenticate");
});

test("A tool does not make keys for a server that has none here", async () => {
  await expect(openKeys(folder, false)).rejects.toThrow("ENOENT");
});

test("What was sealed cannot be read, differs each time, and is refused when a single bit of it has changed", async () => {
  const keys = await openKeys(folder, true);
  const plain = Buffer.from("20 bytes of a secret");
  const sealed = keys.seal(plain);
  expect(sealed.includes(plain)).toBe(false);
  expect(keys.seal(plain).equals(sealed)).toBe(false);
  for (let at = 0; at < sealed.length; at++) {
    const altered = Buffer.from(sealed);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(() => keys.unseal(altered)).toThrow("authenticate");
  }
});

test("What is cut is refused, to the shortest tag", async () => {
  const keys = await openKeys(folder, true);
  const sealed = keys.seal(Buffer.from("secret"));
  for (let length = 0; length < sealed.length; length++)
    expect(() => keys.unseal(sealed.subarray(0, length))).toThrow(/authenticat|initialization vector/);
});

test("A receipt's signature is checked with the public half alone, and fits no other bytes", async () => {
  const keys = await openKeys(folder, true);
  const publicKey = createPublicKey({ key: Buffer.from(keys.publicKey, "base64"), format: "der", type: "spki" });
  expect(publicKey.asymmetricKeyType).toBe("ed25519");
  const signature = Buffer.from(keys.signReceipt(Buffer.from("receipt")), "base64");
  expect(verify(null, Buffer.from("receipt"), publicKey, signature)).toBe(true);
  expect(verify(null, Buffer.from("receipt."), publicKey, signature)).toBe(false);
});
