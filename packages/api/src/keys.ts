/**
 * Central's own keys: one that signs receipts, one that seals secrets in the database.
 * Rule: made once with mode 0600 under DATA_DIR/keys, and part of every backup: without them codes and receipts are void.
 */
import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
} from "node:crypto";
import { link, mkdir, open, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

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
  /** HMAC-SHA-256 with a key of its own for each purpose (HKDF, RFC 5869), derived from the one that seals. */
  mac: (purpose: string, text: string) => Buffer;
};

const readOrCreate = async (path: string, create: (() => string) | null): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !create) throw error;
    const draft = `${path}.${process.pid}`;
    await writeFile(draft, create(), { mode: 0o600, flag: "w", flush: true });
    // Under its name only when its bytes are on the disk; whoever else was first is the one.
    await link(draft, path).catch((refusal: NodeJS.ErrnoException) => {
      if (refusal.code !== "EEXIST") throw refusal;
    });
    await unlink(draft);
    const folder = await open(dirname(path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return readFile(path, "utf8");
  }
};

const createReceiptKey = (): string =>
  generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();

/**
 * Opens the keys below `directory`.
 * @param mayCreate make them when they are not there; a tool that works on another machine's database must not
 */
export const openKeys = async (directory: string, mayCreate: boolean): Promise<CentralKeys> => {
  if (mayCreate) await mkdir(directory, { recursive: true, mode: 0o700 });
  const pem = await readOrCreate(join(directory, "receipts.pem"), mayCreate ? createReceiptKey : null);
  const sealing = Buffer.from(
    await readOrCreate(join(directory, "secrets.key"), mayCreate ? () => randomBytes(32).toString("base64") : null),
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
      // Named, so that a cut tag is refused instead of taken as a shorter one.
      const decipher = createDecipheriv("aes-256-gcm", sealing, sealed.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
    },
    mac: (purpose, text) => {
      const key = Buffer.from(hkdfSync("sha256", sealing, "", purpose, 32));
      return createHmac("sha256", key).update(text).digest();
    },
  };
};

/** SHA-256 of a text or of bytes. */
export const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();
