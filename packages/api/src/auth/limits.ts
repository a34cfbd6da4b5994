/**
 * How often people may ask; collectors are never limited.
 * Rule: limits count calls, not requests, and a refusal says when to try again.
 */
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { LimitName } from "@chaverim/contracts";
import { AppError } from "../failure.ts";

/** Numbers fixed by the owner: calls in a window of seconds. */
const LIMITS = {
  /** Sign-in attempts per address. */
  signIn: { points: 5, duration: 60 },
  search: { points: 60, duration: 60 },
  browse: { points: 120, duration: 60 },
  /** A wall at five detections a second shows two pictures of each. */
  image: { points: 1200, duration: 60 },
  watchlist: { points: 30, duration: 60 },
  export: { points: 5, duration: 60 },
  admin: { points: 30, duration: 60 },
  remove: { points: 10, duration: 60 },
} as const satisfies Record<LimitName, { points: number; duration: number }>;

export type Limits = {
  /** Counts one call. @throws AppError `too_many` with the seconds to wait */
  consume: (limit: LimitName, key: string) => Promise<void>;
  /** Forgets what was counted, after a success. */
  forget: (limit: LimitName, key: string) => Promise<void>;
};

/** Limits kept in this process's memory: one central serves all people. */
export const createLimits = (): Limits => {
  const limiters = new Map<LimitName, RateLimiterAbstract>(
    Object.entries(LIMITS).map(([name, limit]) => [
      name as LimitName,
      new RateLimiterMemory({ ...limit, keyPrefix: name }),
    ]),
  );
  return {
    consume: async (limit, key) => {
      try {
        await limiters.get(limit)?.consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
        throw new AppError("too_many", `Too many attempts. Try again in ${seconds} s.`, { retryAfterSeconds: seconds });
      }
    },
    forget: async (limit, key) => {
      await limiters.get(limit)?.delete(key);
    },
  };
};
