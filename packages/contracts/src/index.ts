/** Everything that two sides of the system must agree on; pure, imports zod alone. */
export * from "./access.ts";
export * from "./accountability.ts";
export * from "./alert.ts";
export * from "./command.ts";
export * from "./detection.ts";
export * from "./failure.ts";
export * from "./heartbeat.ts";
export * from "./ingest.ts";
export * from "./people.ts";
export * from "./plate.ts";
export * from "./policy.ts";
export * from "./protocol.ts";
export * from "./signing.ts";
export * from "./views.ts";
export * from "./watchlist.ts";
