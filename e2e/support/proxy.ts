/**
 * A line between a collector and central that can be made slow, cut, swallowed, reset and repeated while it runs.
 * Rule: without a fault it passes every byte in order and changes none; what it does wrong is what it was told to.
 */
import { type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Fault = {
  /** Before each piece of up to 64 KB, in both directions. */
  latencyMs?: number;
  bytesPerSecond?: number;
  /** This share of the pieces comes so much later: what TCP makes of a lost packet. */
  loss?: { share: number; retransmitMs: number };
  /** A connection is reset once the collector has sent so many bytes on it. */
  cutAfterBytes?: () => number;
  /** Central sees the end of the collector's bytes after so many, and the collector never learns. */
  halfCloseAfterBytes?: number;
  /** After so many bytes of the collector's it takes everything, passes nothing, closes nothing: the other end vanished. */
  blackholeAfterBytes?: number;
  /** Connections are reset at once: no line at all. */
  down?: boolean;
  /** Each connection is sent to central again later, as a whole, with others that are kept so. */
  record?: boolean;
  /** Each request is answered with these bytes, and passed to nobody. */
  answer?: string;
  /** Called instead of passing on an answer to a batch; that connection is dead from then on. */
  swallowAnswer?: () => void;
};

/** A connection that went silent without a word, and after how many milliseconds each end gave it up; null when it has not. */
export type Silence = { sendsBatch: boolean; collectorMs: number | null; centralMs: number | null };

export type Proxy = AsyncDisposable & {
  url: string;
  /** Holds from now on, also for connections that are open; nothing means a good line. */
  set: (fault?: Fault) => void;
  /** Resets every connection; returns how many there were. */
  resetAll: () => number;
  /** The connections that a black hole or a half-close silenced so far. */
  silences: () => readonly Silence[];
  /** Sends what was recorded to central again, in this order; returns how many connections that were. */
  replay: (shuffle: <T>(items: T[]) => T[]) => Promise<number>;
};

type Pair = { collector: Socket; central: Socket; sentBytes: number; sendsBatch: boolean; isDead: boolean };

/** What is kept to be sent again: a few hundred batches. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024;

const write = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (socket.writable) socket.write(bytes, () => resolve());
    else resolve();
  });

/** A reset line ends both loops with an error; that is the fault at work, and there is nobody to tell. */
const ignoreReset = (error: NodeJS.ErrnoException): void => {
  const expected = ["ECONNRESET", "EPIPE", "ECONNREFUSED", "ERR_STREAM_PREMATURE_CLOSE", "ECONNABORTED"];
  if (!expected.includes(error.code ?? "")) throw error;
};

const reset = (pair: Pair): void => {
  pair.collector.resetAndDestroy();
  pair.central.resetAndDestroy();
};

/** Opens a line to a port of this machine. `random` decides which pieces are late. */
export const openProxy = async (targetPort: number, random: () => number): Promise<Proxy> => {
  let fault: Fault = {};
  const pairs = new Set<Pair>();
  const silences: Silence[] = [];
  const recorded: Buffer[][] = [];
  let recordedBytes = 0;

  const delay = async (bytes: number): Promise<void> => {
    const { latencyMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY, loss } = fault;
    const late = loss && random() < loss.share ? loss.retransmitMs : 0;
    const ms = latencyMs + late + (bytes / bytesPerSecond) * 1000;
    if (ms > 0) await sleep(ms);
  };

  /** From now on neither end hears anything of the other; each is watched until it gives up. */
  const silence = (pair: Pair): void => {
    pair.isDead = true;
    const since = performance.now();
    const noted: Silence = { sendsBatch: pair.sendsBatch, collectorMs: null, centralMs: null };
    silences.push(noted);
    const watch = (end: Socket, note: "collectorMs" | "centralMs"): void => {
      const gone = () => {
        noted[note] ??= performance.now() - since;
        end.destroy();
      };
      end.once("end", gone).once("close", gone);
    };
    watch(pair.collector, "collectorMs");
    watch(pair.central, "centralMs");
  };

  const passToCentral = async (pair: Pair): Promise<void> => {
    const kept: Buffer[] = [];
    const never = Number.POSITIVE_INFINITY;
    const { cutAfterBytes, halfCloseAfterBytes = never, blackholeAfterBytes = never } = fault;
    const cutAt = cutAfterBytes?.() ?? never;
    for await (const piece of pair.collector as AsyncIterable<Buffer>) {
      if (pair.isDead) continue;
      if (fault.answer !== undefined) {
        pair.isDead = true;
        pair.central.destroy();
        pair.collector.end(fault.answer);
        continue;
      }
      if (piece.includes("POST /api/v1/detections/batch")) pair.sendsBatch = true;
      else if (piece.includes("POST /api/v1/heartbeat")) pair.sendsBatch = false;
      if (fault.record && recordedBytes < RECORD_BYTES_MAX) {
        if (kept.length === 0) recorded.push(kept);
        kept.push(piece);
        recordedBytes += piece.length;
      }
      await delay(piece.length);
      const limit = Math.min(cutAt, halfCloseAfterBytes, blackholeAfterBytes);
      await write(pair.central, piece.subarray(0, Math.max(0, limit - pair.sentBytes)));
      pair.sentBytes += piece.length;
      if (pair.sentBytes >= cutAt) return reset(pair);
      if (pair.sentBytes >= Math.min(halfCloseAfterBytes, blackholeAfterBytes)) silence(pair);
      if (pair.sentBytes >= halfCloseAfterBytes) pair.central.end();
    }
    if (!pair.isDead) pair.central.end();
  };

  const passToCollector = async (pair: Pair): Promise<void> => {
    for await (const piece of pair.central as AsyncIterable<Buffer>) {
      if (pair.isDead) continue;
      if (fault.swallowAnswer && pair.sendsBatch) {
        pair.isDead = true;
        fault.swallowAnswer();
        continue;
      }
      await delay(piece.length);
      await write(pair.collector, piece);
    }
    if (!pair.isDead) pair.collector.end();
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (collector) => {
    if (fault.down) return void collector.resetAndDestroy();
    const central = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true, noDelay: true });
    const pair: Pair = { collector, central, sentBytes: 0, sendsBatch: false, isDead: false };
    pairs.add(pair);
    // One end that breaks breaks the other, unless the line is the kind that tells nobody.
    const passOn = (other: Socket) => () => pair.isDead || other.destroy();
    collector.on("error", passOn(central)).once("close", passOn(central));
    central.on("error", passOn(collector)).once("close", passOn(collector));
    const forgetIfGone = () => collector.destroyed && central.destroyed && pairs.delete(pair);
    collector.once("close", forgetIfGone);
    central.once("close", forgetIfGone);
    void passToCentral(pair).catch(ignoreReset);
    void passToCollector(pair).catch(ignoreReset);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The proxy has no port.");

  const sendAgain = (pieces: readonly Buffer[]): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port: targetPort });
      socket.on("error", () => resolve()).once("close", () => resolve());
      socket.resume();
      socket.end(Buffer.concat(pieces));
    });

  const resetAll = (): number => {
    const all = [...pairs];
    for (const pair of all) reset(pair);
    return all.length;
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    set: (next = {}) => {
      fault = next;
    },
    resetAll,
    silences: () => silences,
    replay: async (shuffle) => {
      const all = shuffle(recorded.splice(0));
      recordedBytes = 0;
      await Promise.all(all.map(sendAgain));
      return all.length;
    },
    [Symbol.asyncDispose]: async () => {
      resetAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
