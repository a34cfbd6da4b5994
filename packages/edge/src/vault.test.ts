/** The device's keys. Rule: they are made once, and open on their own board alone. */
import { createPublicKey, verify } from "node:crypto";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { signedBytes } from "@chaverim/contracts";
import { expect, test } from "vitest";
import { FatalError } from "./failure.ts";
import { temporaryFolder } from "./testing.ts";
import { openVault, readBoard, type Board } from "./vault.ts";

const board: Board = { identity: { kind: "serial", value: "10000000abcdef01" }, otpKey: null };
const otherBoard: Board = { identity: { kind: "serial", value: "10000000abcdef02" }, otpKey: null };
const otpKey = Buffer.alloc(32, 7);

test("the keys are made once, in a file that nobody else may read, without the private key in the clear", async () => {
  await using folder = await temporaryFolder();
  const made = await openVault(folder.path, board);
  const path = join(folder.path, "vault.json");
  await chmod(path, 0o644);
  const again = await openVault(folder.path, board);
  expect(made.boundTo).toBe("serial");
  expect(again.publicKeySpki).toBe(made.publicKeySpki);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const { deviceKey } = JSON.parse(await readFile(path, "utf8")) as { deviceKey: string };
  // A PKCS #8 Ed25519 key begins with 302e020100; what is in the file does not.
  expect(Buffer.from(deviceKey, "base64").includes(Buffer.from("302e020100300506032b6570", "hex"))).toBe(false);
});

test("rows are adopted until that is said to be over, and nobody who has the file can ask for it again", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "vault.json");
  const made = await openVault(folder.path, board);
  const again = await openVault(folder.path, board);
  expect([made.adopting, again.adopting]).toEqual([true, true]);
  await again.endAdopting();
  expect([again.adopting, (await openVault(folder.path, board)).adopting]).toEqual([false, false]);
  const file = JSON.parse(await readFile(path, "utf8")) as { deviceKey: string };
  await writeFile(path, JSON.stringify({ ...file, adopting: file.deviceKey }));
  expect((await openVault(folder.path, board)).adopting).toBe(false);
});

test("a signature verifies under the public key for its own type and text alone", async () => {
  await using folder = await temporaryFolder();
  const vault = await openVault(folder.path, board);
  const key = createPublicKey({ key: Buffer.from(vault.publicKeySpki, "base64"), format: "der", type: "spki" });
  const signature = Buffer.from(vault.sign("payload", '{"a":1}'), "base64");
  expect(verify(null, signedBytes("payload", '{"a":1}'), key, signature)).toBe(true);
  expect(verify(null, signedBytes("payload", '{"a":2}'), key, signature)).toBe(false);
  expect(verify(null, signedBytes("heartbeat", '{"a":1}'), key, signature)).toBe(false);
});

test("what is sealed opens again, and not when a byte, the purpose or the label is another", async () => {
  await using folder = await temporaryFolder();
  const vault = await openVault(folder.path, board);
  const sealed = vault.seal("secret", Buffer.from("alpr_key"), "api-key");
  expect(sealed.includes("alpr_key")).toBe(false);
  expect((await openVault(folder.path, board)).unseal("secret", sealed, "api-key")?.toString()).toBe("alpr_key");
  const altered = Buffer.from(sealed);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  expect([
    vault.unseal("secret", altered, "api-key"),
    vault.unseal("image", sealed, "api-key"),
    vault.unseal("secret", sealed, "another"),
    vault.unseal("secret", sealed.subarray(0, 20), "api-key"),
  ]).toEqual([null, null, null, null]);
});

test("a folder that was copied to another computer does not open, and one sentence says what to do", async () => {
  await using folder = await temporaryFolder();
  await openVault(folder.path, board);
  const copied = openVault(folder.path, otherBoard);
  await expect(copied).rejects.toThrow(FatalError);
  await expect(copied).rejects.toThrow(/made on another computer and does not open here: put the card back/);
  await expect(openVault(folder.path, { identity: null, otpKey: null })).rejects.toThrow(FatalError);
  expect((await openVault(folder.path, board)).boundTo).toBe("serial");
});

test("a key burnt into the board is needed when the keys were made with it, and not when it was burnt later", async () => {
  await using folder = await temporaryFolder();
  await openVault(folder.path, { ...board, otpKey });
  await expect(openVault(folder.path, board)).rejects.toThrow(FatalError);
  await expect(openVault(folder.path, { ...board, otpKey: Buffer.alloc(32, 8) })).rejects.toThrow(FatalError);
  expect((await openVault(folder.path, { ...board, otpKey })).hasOtpKey).toBe(true);
  await using later = await temporaryFolder();
  await openVault(later.path, board);
  expect((await openVault(later.path, { ...board, otpKey })).hasOtpKey).toBe(false);
});

test("a computer with no identity can hold keys, bound to nothing but the folder", async () => {
  await using folder = await temporaryFolder();
  await openVault(folder.path, { identity: null, otpKey: null });
  expect(await openVault(folder.path, otherBoard)).toMatchObject({ boundTo: "nothing" });
});

test("a file that is damaged is told and left as it is", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "vault.json");
  await openVault(folder.path, board);
  const half = (await readFile(path, "utf8")).slice(0, 80);
  await writeFile(path, half);
  await expect(openVault(folder.path, board)).rejects.toThrow(/cannot be read as this device's keys/);
  expect(await readFile(path, "utf8")).toBe(half);
});

test("this computer's identity is the same each time it is read", () => {
  expect(readBoard()).toEqual(readBoard());
});
