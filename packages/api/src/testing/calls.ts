/**
 * Procedures called without a network between, from any address: what ten thousand machines could send to one central.
 * Rule: real requests and responses of Node, which carry nothing but cookies.
 */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { FailureCode } from "@chaverim/contracts";
import type { Central } from "../central.ts";
import { toAppError } from "../failure.ts";
import { appRouter } from "../router.ts";

/** Everything that can be called without a session, as from the address `ip` with the Cookie header `cookie`. */
export const callFrom = (central: Central, ip: string, cookie = "") => {
  const request = new IncomingMessage(new Socket());
  request.headers.cookie = cookie;
  const response = new ServerResponse(request);
  return appRouter.createCaller({ central, requestId: "-", ip, request, response, session: null });
};

let addresses = 0;
/** An IPv4 address that was not given out before. */
export const newAddress = (): string => {
  addresses++;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
};

/** The code of the failure that a call ends with. */
export const outcomeOf = async (call: Promise<unknown>): Promise<FailureCode | "ok"> => {
  try {
    await call;
    return "ok";
  } catch (error) {
    return toAppError(error).code;
  }
};
