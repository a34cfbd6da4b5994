/**
 * The device's keys: made once, kept in the data folder, and bound to this board.
 * Rule: nothing leaves in the clear but the public key, and what is sealed here opens on this computer alone.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { signedBytes, type SignedType } from "@chaverim/contracts";
import * as z from "zod";
import { writeDurably } from "./durable-file.ts";
import { FatalError, codeOf } from "./failure.ts";

/** What makes this computer another one than the next. */
export type Board = {
  /** The board's serial number, or what the system has in its place. */
  identity: { kind: "serial" | "machine-id"; value: string } | null;
  /** A key burnt into the board, when one was programmed and this process may read it. */
  otpKey: Buffer | null;
};

/** What a thing is sealed for: each has its own key, so that one is never taken for another. */
export type SealPurpose = "device-key" | "secret" | "image";

export type Vault = {
  /** Ed25519, SPKI, DER, base64: what central learns of this device. */
  publicKeySpki: string;
  /** True until it was noted which rows are older than the keys, however many starts that takes. A getter. */
  readonly adopting: boolean;
  /** Notes, durably, that no row is to be adopted from now on. */
  endAdopting: () => Promise<void>;
  /** What the keys are bound to besides the folder; `nothing` where the computer has no identity (a container). */
  boundTo: "serial" | "machine-id" | "nothing";
  /** True when a key burnt into the board is needed as well. */
  hasOtpKey: boolean;
  /** Signs an exact text; the signature is base64. */
  sign: (type: SignedType, text: string) => string;
  /** Says whether a signature is this device's for exactly this text. */
  isOurs: (type: SignedType, text: string, signature: string) => boolean;
  /** AES-256-GCM: nonce, tag, cipher text. `label` says whose bytes they are; they open under the same label alone. */
  seal: (purpose: SealPurpose, bytes: Uint8Array, label: string) => Buffer;
  /** What was sealed; null when it was altered, or sealed elsewhere or for something else. */
  unseal: (purpose: SealPurpose, sealed: Uint8Array, label: string) => Buffer | null;
};

const FILE = "vault.json";
/** AES-GCM's own nonce length. With random ones a key is good for 2^32 files: 20 a second for 6 years. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ROOT_BYTES = 32;

const fileSchema = z.object({
  v: z.literal(1),
  /** Base64 of 32 random bytes. */
  root: z.base64().refine((text) => Buffer.from(text, "base64").length === ROOT_BYTES),
  boundTo: z.enum(["serial", "machine-id", "nothing"]),
  otpKey: z.boolean(),
  /** PKCS #8, DER, sealed, base64. */
  deviceKey: z.base64(),
  /** Sealed, while rows that are older than the keys have not been noted: nobody can ask for that a second time. */
  adopting: z.base64().optional(),
});
type VaultFile = z.infer<typeof fileSchema>;

const readIfThere = (path: string): Buffer | null => {
  try {
    return readFileSync(path);
  } catch (error) {
    // No such board, or not for this process: then it is no part of the keys.
    if (codeOf(error) !== null) return null;
    throw error;
  }
};

/** Device-tree strings end with NUL; a machine-id that systemd has not written yet reads `uninitialized`. */
const readIdentity = (path: string): string | null => {
  const text = readIfThere(path)?.toString("utf8").replace(/\0/g, "").trim() ?? "";
  return text === "" || text === "uninitialized" || /^0+$/.test(text) ? null : text;
};

/** Reads what this computer is. */
export const readBoard = (): Board => {
  const serial =
    readIdentity("/proc/device-tree/serial-number") ?? readIdentity("/sys/firmware/devicetree/base/serial-number");
  const machineId = readIdentity("/etc/machine-id");
  // Raspberry Pi's device-unique private key (rpi-otp-private-key); all zeros until somebody burns one.
  const otpKey = readIfThere("/sys/bus/nvmem/devices/nvmem_priv0/nvmem");
  return {
    identity:
      serial !== null
        ? { kind: "serial", value: serial }
        : machineId !== null
          ? { kind: "machine-id", value: machineId }
          : null,
    otpKey: otpKey?.some((byte) => byte !== 0) ? otpKey : null,
  };
};

const createKeys = (root: Buffer, board: Board) => {
  const secret = board.otpKey === null ? root : Buffer.concat([root, board.otpKey]);
  const salt = board.identity?.value ?? "";
  const keyFor = (purpose: SealPurpose) =>
    Buffer.from(hkdfSync("sha256", secret, salt, `chaverim collector ${purpose} v1`, 32));
  return { "device-key": keyFor("device-key"), secret: keyFor("secret"), image: keyFor("image") };
};
type Keys = ReturnType<typeof createKeys>;

const seal = (key: Buffer, bytes: Uint8Array, label: string): Buffer => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(label));
  const text = cipher.update(bytes);
  cipher.final();
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
};

const unseal = (key: Buffer, sealed: Uint8Array, label: string): Buffer | null => {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(label))
    .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const bytes = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
  try {
    decipher.final();
    return bytes;
  } catch (error) {
    // Node says no more than that the tag does not fit.
    if (error instanceof Error) return null;
    throw error;
  }
};

const DEVICE_KEY_LABEL = "ed25519";
const ADOPTING_LABEL = "adopting";

const writeFile = (dataDir: string, file: VaultFile): Promise<void> =>
  writeDurably(dataDir, dataDir, FILE, (handle) => handle.writeFile(`${JSON.stringify(file)}\n`));

const makeFile = async (dataDir: string, board: Board): Promise<VaultFile> => {
  const root = randomBytes(ROOT_BYTES);
  const { privateKey } = generateKeyPairSync("ed25519");
  const deviceKey = privateKey.export({ format: "der", type: "pkcs8" });
  const keys = createKeys(root, board);
  const file: VaultFile = {
    v: 1,
    root: root.toString("base64"),
    boundTo: board.identity?.kind ?? "nothing",
    otpKey: board.otpKey !== null,
    deviceKey: seal(keys["device-key"], deviceKey, DEVICE_KEY_LABEL).toString("base64"),
    adopting: seal(keys.secret, Buffer.alloc(0), ADOPTING_LABEL).toString("base64"),
  };
  await writeFile(dataDir, file);
  return file;
};

const readFileText = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
};

const parseFile = (path: string, text: string): VaultFile => {
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new FatalError(
      `${path} cannot be read as this device's keys: restore it, or move it away and claim the collector again.`,
      1,
      { cause: error },
    );
  }
};

/** The key, if the file was made on this board: an identity that came or went since is told as another computer. */
const openDeviceKey = (path: string, file: VaultFile, board: Board): { keys: Keys; privateKey: KeyObject } => {
  // A key that was burnt later is left out of what was made without it.
  const used: Board = {
    identity: file.boundTo === board.identity?.kind ? board.identity : null,
    otpKey: file.otpKey ? board.otpKey : null,
  };
  const keys = createKeys(Buffer.from(file.root, "base64"), used);
  const key = unseal(keys["device-key"], Buffer.from(file.deviceKey, "base64"), DEVICE_KEY_LABEL);
  if (key === null) {
    throw new FatalError(
      `${path} was made on another computer and does not open here: put the card back into its own board, or move the data folder away and claim the collector again.`,
    );
  }
  return { keys, privateKey: createPrivateKey({ key, format: "der", type: "pkcs8" }) };
};

/**
 * Opens this device's keys, and makes them at the first start.
 * @throws FatalError when they were made on another computer, or cannot be read
 */
export const openVault = async (dataDir: string, board: Board = readBoard()): Promise<Vault> => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, FILE);
  const text = await readFileText(path);
  const file = text === null ? await makeFile(dataDir, board) : parseFile(path, text);
  // A copy from a backup or another hand may have come with wider rights.
  await chmod(path, 0o600);
  const { keys, privateKey } = openDeviceKey(path, file, board);
  const publicKey = createPublicKey(privateKey);
  const { adopting: sealedAdopting, ...adopted } = file;
  let adopting =
    sealedAdopting !== undefined && unseal(keys.secret, Buffer.from(sealedAdopting, "base64"), ADOPTING_LABEL) !== null;
  return {
    publicKeySpki: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    get adopting() {
      return adopting;
    },
    endAdopting: async () => {
      await writeFile(dataDir, adopted);
      adopting = false;
    },
    boundTo: file.boundTo,
    hasOtpKey: file.otpKey,
    sign: (type, message) => sign(null, signedBytes(type, message), privateKey).toString("base64"),
    isOurs: (type, message, signature) =>
      verify(null, signedBytes(type, message), publicKey, Buffer.from(signature, "base64")),
    seal: (purpose, bytes, label) => seal(keys[purpose], bytes, label),
    unseal: (purpose, sealed, label) => unseal(keys[purpose], sealed, label),
  };
};
