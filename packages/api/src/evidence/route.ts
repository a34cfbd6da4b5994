/**
 * GET /api/evidence/:detectionId/:role: the original bytes of one image, for signed-in people.
 * Rule: never cached, never transformed, and only what the role may see.
 */
import { pipeline } from "node:stream/promises";
import { type ImageRole, can } from "@chaverim/contracts";
import type { RequestHandler } from "express";
import { readSession } from "../auth/router.ts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Makes the handler for one image role. */
export const createEvidenceHandler =
  (central: Central, role: ImageRole): RequestHandler<{ detectionId: string }> =>
  async (request, response) => {
    const session = await readSession(central, request);
    if (!session) throw new AppError("signed_out", "You are signed out. Sign in again to see images.");
    response.locals["userId"] = session.user.id;
    if (!can(session.user.role, role === "crop" ? "see_crop" : "see_scene")) {
      throw new AppError("forbidden", "Your role does not include this image. An administrator can change it.");
    }
    const { detectionId } = request.params;
    const missing = () => new AppError("not_found", "There is no such image here. It may not have arrived yet.");
    if (!UUID.test(detectionId)) throw missing();
    const [image] = await central.database.sql<{ hash: string; bytes: number; versionId: string | null }[]>`
      select encode(sha256, 'hex') as hash, bytes, version_id as "versionId" from evidence_images
      where detection_id = ${detectionId} and role = ${role}`;
    const stream = image && (await central.store.read(image.hash, image.versionId));
    if (!image || !stream) throw missing();
    response.set({
      "Content-Type": "image/jpeg",
      "Content-Length": String(image.bytes),
      "Cache-Control": "private, no-store",
      // The hash that the evidence is named by, so that anybody can compare what was downloaded.
      "Repr-Digest": `sha-256=:${Buffer.from(image.hash, "hex").toString("base64")}:`,
    });
    try {
      await pipeline(stream, response);
    } catch (error) {
      // Whoever asked has scrolled on; there is nobody left to tell.
      if (!response.closed || (error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    }
  };
