/**
 * Central with 256 MB, pictures whose headers promise gigapixels, and bodies as large as they may be, a hundred at once.
 * Rule: it is never ended for want of memory, and what it refuses it refuses in words.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { CAMERA, type Picture } from "../support/collector.ts";
import type { Experiment } from "./experiment.ts";
import { uuidV7 } from "./script.ts";
import type { Stand } from "./stand.ts";

const LIMIT_MB = 256;
/** Four pictures of 7.5 MB: below the 32 MB of a batch and the 8 MB of a picture. */
const PICTURE_BYTES = 7_500_000;
const PICTURES = 4;
/** SOI, and a frame header that promises 65,535 by 65,535 pixels in three colours. */
const BOMB = Buffer.from("ffd8ffc0001108ffffffff03012200021101031101", "hex");

/** What central takes of one key at once: so many are sent at the same moment, and none is refused for its key. */
const PER_KEY = 4;
/** Three gigabytes through central and onto its disk, on two cores that both sides share. */
const TAKEN_MS = 10 * 60_000;

/** As docker-compose.yml has it for central; docs/operations.md says so to whoever starts it otherwise in so little. */
const MALLOC = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "131072" };

const GROUPS = "/sys/fs/cgroup/memory";

/** Starts central again with a limit on its memory; what is returned tells how it went, and ends the limit. */
const limitMemory = async (stand: Stand): Promise<() => { killed: number; peakMb: number }> => {
  const group = `${GROUPS}/faults-${process.pid}`;
  mkdirSync(group, { recursive: true });
  writeFileSync(`${group}/memory.limit_in_bytes`, String(LIMIT_MB * 1024 * 1024));
  await stand.killCentral();
  // A child is born into the group of its parent; what the parent has already is not counted there.
  writeFileSync(`${group}/cgroup.procs`, String(process.pid));
  const starting = stand.startCentral();
  writeFileSync(`${GROUPS}/cgroup.procs`, String(process.pid));
  await starting;
  stand.baseline = stand.usage();
  return () => {
    const killed = Number(/oom_kill (\d+)/.exec(readFileSync(`${group}/memory.oom_control`, "utf8"))?.[1] ?? 0);
    const peakMb = Number(readFileSync(`${group}/memory.max_usage_in_bytes`, "utf8")) / 1024 / 1024;
    if (killed === 0) writeFileSync(`${GROUPS}/cgroup.procs`, String(stand.central().pid));
    rmdirSync(group);
    return { killed, peakMb };
  };
};

type Script = { id: string; apiKey: string };

/** A collector that is no program of ours, with a key of its own. */
const addScript = async ({ sql }: Stand, name: string): Promise<Script> => {
  const apiKey = `alpr_${randomBytes(32).toString("base64url")}`;
  const hash = createHash("sha256").update(apiKey).digest();
  const [added] = await sql<{ id: string }[]>`
    with added as (insert into collectors (name) values (${name}) returning id),
      camera as (insert into cameras (collector_id, key, name, approved_at) select id, ${CAMERA}, ${CAMERA}, now() from added)
    insert into collector_keys (collector_id, key_hash, prefix) select id, ${hash}, ${apiKey.slice(0, 10)} from added
    returning collector_id as id`;
  if (!added) throw new Error("A collector could not be added.");
  return { id: added.id, apiKey };
};

const part = (name: string, bytes: Buffer): Buffer[] => [
  Buffer.from(`--large\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n`),
  bytes,
  Buffer.from("\r\n"),
];

/** A batch in pieces; every picture is the same memory, or a hundred batches would need more than the machine has. */
const largeBatch = (stand: Stand, { id }: Script, picture: Picture): Buffer[] => {
  const { role, sha256, bytes } = picture;
  const payloads = Array.from({ length: PICTURES }, () => {
    const { plate, capturedAt } = stand.next(id);
    const noted = stand.history.generated.at(-1);
    if (noted) noted.pictures = [{ role, sha256, bytes: bytes.length }];
    const images = [{ role, sha256, bytes: bytes.length, mime: "image/jpeg" }];
    return { id: uuidV7(), cameraId: CAMERA, capturedAt, plate: { text: plate, confidence: 0.9 }, images };
  });
  return [
    ...part("detections", Buffer.from(JSON.stringify(payloads))),
    ...payloads.flatMap((_, place) => part(`image_${place}_${role}`, bytes)),
    Buffer.from("--large--\r\n"),
  ];
};

type Told = { status: number; retryAfterMs: number };

/** Sends it once; status 0 when there was no answer. */
const send = (stand: Stand, { apiKey }: Script, pieces: readonly Buffer[]): Promise<Told> => {
  // As collectors do: a connection that is to be closed is closed behind an early answer, which is lost when more is still being
  // sent. And one of its own, because a kept one may be closed for its idleness just when it is used again.
  const agent = new Agent({ keepAlive: true });
  return new Promise<Told>((resolve) => {
    const headers = {
      "X-API-Key": apiKey,
      "Content-Type": "multipart/form-data; boundary=large",
      "Content-Length": pieces.reduce((sum, piece) => sum + piece.length, 0),
    };
    const sent = request(`${stand.url}/api/v1/detections/batch`, { method: "POST", headers, agent }, (answer) => {
      const retryAfterMs = Number(answer.headers["retry-after"] ?? 1) * 1000;
      // A refusal comes before the body is sent, and central does not read all of it: the answer counts, not how the line ends.
      resolve({ status: answer.statusCode ?? 0, retryAfterMs });
      answer.resume();
    });
    sent.once("error", () => resolve({ status: 0, retryAfterMs: 1000 }));
    for (const piece of pieces) sent.write(piece);
    sent.end();
  }).finally(() => agent.destroy());
};

/** Sends it until it is taken; returns every answer but the last. */
const sendUntilTaken = async (stand: Stand, script: Script, pieces: Buffer[]): Promise<number[]> => {
  const refused: number[] = [];
  for (const deadline = Date.now() + TAKEN_MS; Date.now() < deadline;) {
    const { status, retryAfterMs } = await send(stand, script, pieces);
    if (status === 200) return refused;
    refused.push(status);
    await sleep(retryAfterMs);
  }
  throw new Error(`A batch was refused for ten minutes: ${refused.join(", ")}`);
};

export const littleMemory: Experiment = {
  id: 27,
  title: "256 MB of memory, bombs, 30 MB bodies",
  needs: ["memoryLimit"],
  quick: { detections: 200, rounds: 24, seconds: 0 },
  full: { detections: 5000, rounds: 100, seconds: 0 },
  places: () => ({ environment: MALLOC, release: () => undefined }),
  run: async (stand, { detections, rounds }) => {
    const names = Array.from({ length: Math.ceil(rounds / PER_KEY) }, (_, place) => `Large ${place + 1}`);
    const scripts = await Promise.all(names.map((name) => addScript(stand, name)));
    const endLimit = await limitMemory(stand);
    const bytes = Buffer.concat([BOMB, randomBytes(PICTURE_BYTES)]);
    const picture = { role: "full" as const, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    const sendOne = async (script: Script) => {
      const refused = await sendUntilTaken(stand, script, largeBatch(stand, script, picture));
      stand.fault(`a body of 30 MB, refused with ${refused.join(", ") || "nothing"}`);
      const isInWords = refused.every((status) => status === 429 || status === 503);
      stand.expect(isInWords, `a body of 30 MB was refused with ${refused.join(", ")}`);
    };
    const sending = Promise.all(
      Array.from({ length: rounds }, (_, place) => scripts[place % scripts.length]).flatMap((script) =>
        script ? [sendOne(script)] : [],
      ),
    );
    const sent = await Promise.allSettled([stand.feed(detections, 40), sending]);
    const { killed, peakMb } = endLimit();
    stand.fault(
      `with ${rounds} bodies of 30 MB at once central's group of processes had at most ${Math.round(peakMb)} MB`,
    );
    stand.expect(killed === 0, `central was ended for want of memory, at ${Math.round(peakMb)} MB`);
    if (killed > 0) await stand.startCentral();
    else for (const { status } of sent) stand.expect(status === "fulfilled", "a body of 30 MB was never taken");
  },
};
