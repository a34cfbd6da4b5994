/**
 * The exact bytes that devices and central sign.
 * Rule: each kind of message has its own type in the signed bytes (DSSE's pre-authentication encoding), so that no signature of
 * one kind can be shown as one of another; the message itself travels verbatim beside its signature.
 */

/** What a signature may be over. */
export const SIGNED_TYPES = {
  /** One detection's payload, by its collector. */
  payload: "application/vnd.chaverim.detection.v1+json",
  /** One heartbeat's body, by its collector. */
  heartbeat: "application/vnd.chaverim.heartbeat.v1+json",
  /** One command, by central: `commandText`. */
  command: "application/vnd.chaverim.command.v1",
} as const;
export type SignedType = keyof typeof SIGNED_TYPES;

const utf8 = new TextEncoder();

/** DSSE v1: `DSSEv1 <length of the type> <type> <length of the body> <body>`, lengths in bytes. */
export const signedBytes = (type: SignedType, body: string): Uint8Array<ArrayBuffer> => {
  const name = SIGNED_TYPES[type];
  return utf8.encode(`DSSEv1 ${name.length} ${name} ${utf8.encode(body).length} ${body}`);
};
