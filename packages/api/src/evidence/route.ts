/**
 * GET /api/evidence/:detectionId/:role: the original bytes of one image, for signed-in people.
 * Rule: never cached, never transformed, only what the role may see, and in the access log before the first byte.
 */
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import type { ImageRole } from "@chaverim/contracts";
import type { RequestHandler, Response } from "express";
import { appendEntry } from "../audit/append.ts";
import { appendRefusal } from "../audit/looks.ts";
import { assertMay, assertSignedIn } from "../auth/may.ts";
import { readSession } from "../auth/request.ts";
import type { Central } from "../central.ts";
import { type Looker, imageInReach, reachOf } from "../detections/reach.ts";
import { AppError, toAppError } from "../failure.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Image = { hash: string; bytes: number; versionId: string | null; plate: string };

/** Also for what somebody does not reach: the answer does not tell that it is there. */
const missing = () => new AppError("not_found", "There is no such image here. It may not have arrived yet.");

/** The image and its bytes. @throws AppError not_found */
const openImage = async (
  { database, store }: Central,
  detectionId: string,
  role: ImageRole,
  looker: Looker,
): Promise<Image & { stream: Readable }> => {
  if (!UUID.test(detectionId)) throw missing();
  const [image] = await database.sql<Image[]>`
    select encode(i.sha256, 'hex') as hash, i.bytes, i.version_id as "versionId", p.plate
    from evidence_images i join evidence_payloads p on p.id = i.detection_id
    where i.detection_id = ${detectionId} and i.role = ${role}
      and ${imageInReach(database.sql, reachOf(looker))}`;
  const stream = image && (await store.read(image.hash, image.versionId));
  if (!image || !stream) throw missing();
  return { ...image, stream };
};

const sendImage = async (response: Response, fileName: string, image: Image & { stream: Readable }): Promise<void> => {
  response.set({
    "Content-Type": "image/jpeg",
    "Content-Disposition": `inline; filename="${fileName}"`,
    // Bytes of a stranger's camera: opened as a page of its own, they are a picture and nothing else.
    "Content-Security-Policy":
      "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; sandbox",
    "Content-Length": String(image.bytes),
    "Cache-Control": "private, no-store",
    // The hash that the evidence is named by, so that anybody can compare what was downloaded.
    "Repr-Digest": `sha-256=:${Buffer.from(image.hash, "hex").toString("base64")}:`,
  });
  try {
    await pipeline(image.stream, response);
  } catch (error) {
    // Whoever asked has scrolled on; there is nobody left to tell.
    if (!response.closed || (error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
};

/** Makes the handler for one image role. */
export const createEvidenceHandler =
  (central: Central, role: ImageRole): RequestHandler<{ detectionId: string }> =>
  async (request, response) => {
    const name = `GET /api/evidence/:detectionId/${role}` as const;
    // Screens fetch images by themselves: that is no use of the session.
    const session = assertSignedIn(await readSession(central, request, false));
    response.locals["userId"] = session.user.id;
    const { detectionId } = request.params;
    const look = {
      requestId: response.locals["requestId"] as string,
      who: session,
      ip: request.ip ?? null,
      action: name,
      plate: null,
      filters: UUID.test(detectionId) ? { detectionId } : {},
    };
    const image = await assertMay(central, name, session)
      .then(() => openImage(central, detectionId, role, session.user))
      .catch(async (refusal: unknown) => {
        await appendRefusal(central, look, toAppError(refusal));
        throw refusal;
      });
    try {
      await appendEntry(central, { ...look, plate: image.plate || null, outcome: "ok", shown: [detectionId] });
    } catch (error) {
      image.stream.destroy();
      throw error;
    }
    await sendImage(response, `${detectionId}-${role}.jpg`, image);
  };
