/**
 * Central's own keys: one that signs receipts, one that seals secrets in the database.
 * Rule: made once with mode 0600 under DATA_DIR/keys, and part of every backup: without them codes and receipts are void.
 */
import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type CentralKeys = {
  /** Names the receipt key: the first 16 hex digits of the SHA-256 of its public half. */
  keyId: string;
  /** SPKI, DER, base64: what collectors pin. */
  publicKey: string;
  signReceipt: (bytes: Uint8Array) => string;
  /** AES-256-GCM: 12 bytes nonce, 16 bytes tag, then the sealed bytes. */
  seal: (plain: Uint8Array) => Buffer;
  /** @throws when the bytes were not sealed with this key */
  unseal: (sealed: Uint8Array) => Buffer;
};

const readOrCreate = async (path: string, create: () => string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const made = create();
    await writeFile(path, made, { mode: 0o600, flag: "wx", flush: true });
    return made;
  }
};

/** Opens the keys below `directory`, making them at the first start. */
export const openKeys = async (directory: string): Promise<CentralKeys> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pem = await readOrCreate(join(directory, "receipts.pem"), () =>
    generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  );
  const sealing = Buffer.from(
    await readOrCreate(join(directory, "secrets.key"), () => randomBytes(32).toString("base64")),
    "base64",
  );
  const receiptKey: KeyObject = createPrivateKey(pem);
  const publicDer = createPublicKey(receiptKey).export({ format: "der", type: "spki" });
  return {
    keyId: createHash("sha256").update(publicDer).digest("hex").slice(0, 16),
    publicKey: publicDer.toString("base64"),
    signReceipt: (bytes) => sign(null, bytes, receiptKey).toString("base64"),
    seal: (plain) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", sealing, nonce);
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    unseal: (sealed) => {
      const decipher = createDecipheriv("aes-256-gcm", sealing, sealed.subarray(0, 12));
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
    },
  };
};

/** SHA-256 of a text or of bytes. */
export const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();
