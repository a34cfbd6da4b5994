/**
 * How often people may ask; collectors are never limited.
 * Rule: limits count calls, not requests, and a refusal says when to try again.
 */
import { isIPv4, isIPv6 } from "node:net";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { LimitName } from "@chaverim/contracts";
import { AppError } from "../failure.ts";

/** Numbers fixed by the owner: calls in a window of seconds. */
const LIMITS = {
  /** Sign-in attempts per address; of IPv6 per network of 64 bits, which one household has all of. */
  signIn: { points: 5, duration: 60 },
  /** One's own account, purposes and reviews: more than a person clicks. */
  own: { points: 60, duration: 60 },
  /** A phone that loads anew in bad coverage must still ring. */
  alerts: { points: 600, duration: 60 },
  search: { points: 60, duration: 60 },
  browse: { points: 120, duration: 60 },
  /** A wall at five detections a second shows two pictures of each. */
  image: { points: 1200, duration: 60 },
  watchlist: { points: 30, duration: 60 },
  export: { points: 5, duration: 60 },
  admin: { points: 30, duration: 60 },
  remove: { points: 10, duration: 60 },
  /** Each takes a hundred looks, which is more than a device keeps of a shift. */
  offline: { points: 10, duration: 3600 },
} as const satisfies Record<LimitName, { points: number; duration: number }>;

export type Limits = {
  /** Counts one call. @throws AppError `too_many` with the seconds to wait */
  consume: (limit: LimitName, key: string) => Promise<void>;
  /** Forgets what was counted. No success does: whoever has an account could go on guessing at others. */
  forget: (limit: LimitName, key: string) => Promise<void>;
};

/** The first four groups of an IPv6 address; the IPv4 address that is mapped into one; any other key as it is. */
const toCounted = (key: string): string => {
  const mapped = key.replace(/^::ffff:/i, "");
  if (isIPv4(mapped) || !isIPv6(key)) return mapped;
  const [head = [], tail] = (key.split("%")[0] ?? "").split("::").map((part) => part.split(":").filter(Boolean));
  const groups = [
    ...head,
    ...(tail ? Array.from({ length: 8 - head.length - tail.length }, () => "0") : []),
    ...(tail ?? []),
  ];
  return groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(":");
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
        await limiters.get(limit)?.consume(toCounted(key));
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
        throw new AppError("too_many", `Too many attempts. Try again in ${seconds} s.`, { retryAfterSeconds: seconds });
      }
    },
    forget: async (limit, key) => {
      await limiters.get(limit)?.delete(toCounted(key));
    },
  };
};
