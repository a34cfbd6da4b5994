/**
 * The tables as typed queries see them: a mirror of db/migrations, which are the truth.
 * Rule: names and types follow the SQL; migrate.pg.test.ts fails when a column here is not in the database.
 */
import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  jsonb,
  pgTable,
  real,
  smallint,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });
const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const users = pgTable("users", {
  id: uuid("id").primaryKey().defaultRandom(),
  email: text("email").notNull(),
  name: text("name").notNull(),
  role: text("role", { enum: ["admin", "operator", "viewer"] }).notNull(),
  passwordHash: text("password_hash").notNull(),
  totpSecret: bytea("totp_secret").notNull(),
  totpLastStep: bigint("totp_last_step", { mode: "number" }).notNull().default(0),
  area: text("area"),
  trainedOn: date("trained_on"),
  createdAt: time("created_at").notNull().defaultNow(),
  disabledAt: time("disabled_at"),
});

export const sessions = pgTable("sessions", {
  idHash: bytea("id_hash").primaryKey(),
  userId: uuid("user_id").notNull(),
  kind: text("kind", { enum: ["desktop", "app"] }).notNull(),
  assurance: text("assurance", { enum: ["password", "password+totp"] }).notNull(),
  createdAt: time("created_at").notNull().defaultNow(),
  idleExpiresAt: time("idle_expires_at").notNull(),
  absoluteExpiresAt: time("absolute_expires_at").notNull(),
  ip: text("ip"),
  userAgent: text("user_agent"),
});

export const collectors = pgTable("collectors", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull(),
  createdAt: time("created_at").notNull().defaultNow(),
  revokedAt: time("revoked_at"),
  revokedReason: text("revoked_reason"),
  lastSeenAt: time("last_seen_at"),
  lastHeartbeatAt: time("last_heartbeat_at"),
  heartbeat: jsonb("heartbeat"),
});

export const collectorKeys = pgTable("collector_keys", {
  keyHash: bytea("key_hash").primaryKey(),
  collectorId: uuid("collector_id").notNull(),
  prefix: text("prefix").notNull(),
  createdAt: time("created_at").notNull().defaultNow(),
  revokedAt: time("revoked_at"),
  lastUsedAt: time("last_used_at"),
  lastUsedIp: text("last_used_ip"),
});

export const cameras = pgTable("cameras", {
  id: uuid("id").primaryKey().defaultRandom(),
  collectorId: uuid("collector_id").notNull(),
  key: text("key").notNull(),
  name: text("name").notNull(),
  area: text("area"),
  lat: doublePrecision("lat"),
  lon: doublePrecision("lon"),
  heading: real("heading"),
  createdAt: time("created_at").notNull().defaultNow(),
  approvedAt: time("approved_at"),
  lastDetectionAt: time("last_detection_at"),
});

export const plates = pgTable("plates", {
  plate: text("plate").primaryKey(),
  folded: text("folded").notNull(),
  firstSeen: time("first_seen").notNull(),
  lastSeen: time("last_seen").notNull(),
  sightings: bigint("sightings", { mode: "number" }).notNull(),
});

export const detections = pgTable("detections", {
  id: uuid("id").notNull(),
  plate: text("plate").notNull(),
  detectedAt: time("detected_at").notNull(),
  capturedAt: time("captured_at").notNull(),
  receivedAt: time("received_at").notNull(),
  cameraId: uuid("camera_id").notNull(),
  collectorId: uuid("collector_id").notNull(),
  plateText: text("plate_text"),
  confidence: real("confidence"),
  region: text("region"),
  vehicle: jsonb("vehicle"),
  duplicateOf: uuid("duplicate_of"),
  retransmitted: boolean("retransmitted").notNull(),
  clockSuspect: boolean("clock_suspect").notNull(),
  integrity: text("integrity").notNull(),
  isTest: boolean("is_test").notNull().default(false),
});

export const watchlists = pgTable("watchlists", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull(),
  priority: smallint("priority").notNull().$type<1 | 2 | 3>(),
  createdAt: time("created_at").notNull().defaultNow(),
});

export const watchlistEntries = pgTable("watchlist_entries", {
  id: uuid("id").primaryKey().defaultRandom(),
  watchlistId: uuid("watchlist_id").notNull(),
  plate: text("plate").notNull(),
  normalized: text("normalized").notNull(),
  reason: text("reason").notNull(),
  vehicle: text("vehicle"),
  match: text("match", { enum: ["exact", "look-alike"] }).notNull(),
  addedAt: time("added_at").notNull().defaultNow(),
  addedBy: uuid("added_by"),
  expiresAt: time("expires_at").notNull(),
  removedAt: time("removed_at"),
  removedBy: uuid("removed_by"),
});

export const alerts = pgTable("alerts", {
  id: uuid("id").primaryKey().defaultRandom(),
  change: bigint("change", { mode: "number" }).notNull(),
  detectionId: uuid("detection_id").notNull(),
  plate: text("plate").notNull(),
  detectedAt: time("detected_at").notNull(),
  entryId: uuid("entry_id").notNull(),
  priority: smallint("priority").notNull().$type<1 | 2 | 3>(),
  match: jsonb("match").notNull(),
  late: boolean("late").notNull(),
  state: text("state", { enum: ["new", "acknowledged", "resolved"] }).notNull(),
  createdAt: time("created_at").notNull().defaultNow(),
  acknowledgedAt: time("acknowledged_at"),
  acknowledgedBy: uuid("acknowledged_by"),
  resolvedAt: time("resolved_at"),
  resolvedBy: uuid("resolved_by"),
  outcome: text("outcome", { enum: ["confirmed", "not_a_match", "lost", "handed_over"] }),
});
