/**
 * Who may do what, and what is written down about it: one typed table that the server, the screens and the tests read.
 * Rule: a procedure or route without an entry does not start, and nobody may delete evidence.
 */
import * as z from "zod/mini";
import type { SearchFilters } from "./query.ts";

export const ROLES = ["admin", "operator", "viewer"] as const;
export type Role = (typeof ROLES)[number];
export const roleSchema = z.enum(ROLES);

/** Who holds each capability. What a viewer holds is limited further by `Reach`: the last 24 hours, the own area, a budget. */
const CAPABILITIES = {
  see_alerts: ["admin", "operator", "viewer"],
  answer_alerts: ["admin", "operator", "viewer"],
  search_plates: ["admin", "operator", "viewer"],
  see_timeline: ["admin", "operator"],
  see_crop: ["admin", "operator", "viewer"],
  /** A viewer: of detections with an alert alone. */
  see_scene: ["admin", "operator", "viewer"],
  /** A viewer: lists marked for the field alone. */
  read_watchlists: ["admin", "operator", "viewer"],
  write_watchlists: ["admin", "operator"],
  see_collectors: ["admin", "operator"],
  manage_collectors: ["admin"],
  manage_people: ["admin"],
  set_policy: ["admin"],
  read_log: ["admin"],
  review_looks: ["admin"],
} as const satisfies Record<string, readonly Role[]>;
export type Capability = keyof typeof CAPABILITIES;

/**
 * What a caller needs: a capability, any full session, the five minutes after the password ("password"), no session at all,
 * or a collector's key.
 */
export type Access = Capability | "signed_in" | "password" | "public" | "collector_key";

/** How often people may call; the numbers are the server's. Collectors are never limited. */
export type LimitName =
  | "signIn"
  | "own"
  | "alerts"
  | "search"
  | "browse"
  | "image"
  | "watchlist"
  | "export"
  | "admin"
  | "remove"
  | "offline";

export type AccessEntry = {
  needs: Access;
  /**
   * What the access log gets. `look`: an entry before the answer leaves. `act`: an entry before it is done, and another
   * one with the failure when it could not be. Left out: nothing of a plate, an image, a list or a change passes here.
   */
  logs?: "look" | "act";
  /** Which fields of the input are written down, `filters` each by its own name; never a secret. */
  records?: readonly string[];
  /** A code from the authenticator within the last five minutes. */
  stepUp?: true;
  /** An open investigation, where the policy asks this role for one; a valid training. */
  purpose?: true;
  /**
   * Screens ask for it by themselves, all day: its entries carry no purpose, since none was stated for them. `newest`: for
   * the newest page alone; whoever turns it back by `cursor` looks for something.
   */
  background?: true | "newest";
  /** Whatever writes an entry has one, or anybody could fill the log. */
  limit?: LimitName;
};

/** Every tRPC procedure and what it needs. The server refuses to start when one is missing. */
export const PROCEDURES = {
  "system.info": { needs: "public" },

  "auth.login": { needs: "public" },
  "auth.totp": { needs: "password" },
  "auth.recover": { needs: "password" },
  "auth.invitation": { needs: "public" },
  "auth.accept": { needs: "public" },
  "auth.confirm": { needs: "public" },
  "auth.me": { needs: "signed_in" },
  "auth.logout": { needs: "signed_in", logs: "act", limit: "own" },
  "auth.stepUp": { needs: "signed_in", logs: "act", limit: "own" },
  "auth.changePassword": { needs: "signed_in", stepUp: true, logs: "act", limit: "own" },
  "auth.renewRecoveryCodes": { needs: "signed_in", stepUp: true, logs: "act", limit: "own" },
  "auth.devices": { needs: "signed_in", limit: "own" },
  "auth.nameDevice": { needs: "signed_in", logs: "act", records: ["id", "name"], limit: "own" },
  "auth.revokeDevice": { needs: "signed_in", logs: "act", records: ["id"], limit: "remove" },
  "auth.revokeOtherDevices": { needs: "signed_in", logs: "act", limit: "remove" },
  "auth.dismissNotice": { needs: "signed_in", limit: "own" },

  "investigations.open": {
    needs: "search_plates",
    logs: "act",
    records: ["code", "text", "caseNumber"],
    limit: "own",
  },
  "investigations.close": { needs: "search_plates", logs: "act", limit: "own" },

  "detections.search": {
    needs: "search_plates",
    logs: "look",
    records: ["plate", "way", "filters", "cursor"],
    purpose: true,
    limit: "search",
  },
  /** Without a plate: by place, time and vehicle. */
  "detections.find": {
    needs: "see_timeline",
    logs: "look",
    records: ["filters", "unread", "cursor"],
    purpose: true,
    limit: "search",
  },
  "detections.timeline": {
    needs: "see_timeline",
    logs: "look",
    records: ["plate", "lookAlikes", "cameraId", "from", "to", "cursor"],
    purpose: true,
    limit: "browse",
  },
  "detections.correct": {
    needs: "see_timeline",
    logs: "act",
    records: ["detectionId", "plate", "reason"],
    limit: "watchlist",
  },
  "detections.export": {
    needs: "see_timeline",
    stepUp: true,
    logs: "look",
    records: ["plate", "lookAlikes", "filters", "unread", "format", "recipient"],
    purpose: true,
    limit: "export",
  },
  "plates.read": { needs: "see_timeline", logs: "look", records: ["plate"], purpose: true, limit: "browse" },
  "plates.route": {
    needs: "see_timeline",
    logs: "look",
    records: ["plate", "from", "to"],
    purpose: true,
    limit: "browse",
  },
  "plates.seenWith": {
    needs: "see_timeline",
    logs: "look",
    records: ["plate", "from", "to"],
    purpose: true,
    limit: "search",
  },
  "plates.addNote": { needs: "see_timeline", logs: "act", records: ["plate", "text"], limit: "watchlist" },
  /** Cameras and counts alone: nothing of a plate. */
  "map.cameras": { needs: "see_alerts", limit: "browse" },
  "map.ground": { needs: "see_alerts", limit: "browse" },
  "searches.list": { needs: "search_plates", limit: "own" },
  "searches.save": {
    needs: "search_plates",
    logs: "act",
    records: ["name", "plate", "way", "filters", "unread"],
    limit: "own",
  },
  "searches.remove": { needs: "search_plates", logs: "act", records: ["id"], limit: "own" },
  "detections.recent": {
    needs: "search_plates",
    logs: "look",
    records: ["cameraId", "cursor"],
    background: "newest",
    limit: "browse",
  },
  "detections.live": { needs: "search_plates", logs: "look", background: true, limit: "browse" },

  "alerts.since": { needs: "see_alerts", logs: "look", records: ["cursor"], background: true, limit: "alerts" },
  "alerts.live": { needs: "see_alerts", logs: "look", background: true, limit: "alerts" },
  "alerts.acknowledge": { needs: "answer_alerts", logs: "act", records: ["id"], limit: "alerts" },
  "alerts.resolve": { needs: "answer_alerts", logs: "act", records: ["id", "outcome"], limit: "alerts" },

  "watchlists.list": { needs: "read_watchlists", logs: "look", limit: "browse" },
  "watchlists.addEntry": {
    needs: "write_watchlists",
    logs: "act",
    records: ["watchlistId", "plate", "reason", "match", "expiresAt"],
    limit: "watchlist",
  },
  "watchlists.create": {
    needs: "write_watchlists",
    logs: "act",
    records: ["name", "priority", "field"],
    limit: "watchlist",
  },
  "watchlists.setField": { needs: "write_watchlists", logs: "act", records: ["id", "field"], limit: "watchlist" },
  "watchlists.removeEntry": { needs: "write_watchlists", logs: "act", records: ["id"], limit: "remove" },
  "watchlists.restoreEntry": { needs: "write_watchlists", logs: "act", records: ["id"], limit: "watchlist" },

  "collectors.list": { needs: "see_collectors", limit: "browse" },
  "collectors.approveCamera": {
    needs: "manage_collectors",
    stepUp: true,
    logs: "act",
    records: ["cameraId", "name", "area"],
    limit: "admin",
  },
  "collectors.create": { needs: "manage_collectors", stepUp: true, logs: "act", records: ["name"], limit: "admin" },
  "collectors.rotateKey": { needs: "manage_collectors", stepUp: true, logs: "act", records: ["id"], limit: "admin" },
  "collectors.revokeKey": {
    needs: "manage_collectors",
    stepUp: true,
    logs: "act",
    records: ["keyId", "reason"],
    limit: "remove",
  },
  "collectors.revoke": {
    needs: "manage_collectors",
    stepUp: true,
    logs: "act",
    records: ["id", "reason"],
    limit: "remove",
  },

  "collectors.history": { needs: "see_collectors", limit: "browse" },
  "collectors.commands": { needs: "see_collectors", limit: "browse" },
  "collectors.diagnostics": { needs: "manage_collectors", logs: "look", records: ["id"], limit: "browse" },
  "collectors.testCamera": { needs: "manage_collectors", logs: "act", records: ["id", "cameraId"], limit: "admin" },
  "collectors.command": {
    needs: "manage_collectors",
    stepUp: true,
    logs: "act",
    records: ["id", "verb"],
    limit: "admin",
  },
  "quarantine.list": { needs: "manage_collectors", logs: "look", records: ["reason", "cursor"], limit: "browse" },
  "quarantine.read": { needs: "manage_collectors", logs: "look", records: ["id"], limit: "browse" },
  "quarantine.decide": {
    needs: "manage_collectors",
    stepUp: true,
    logs: "act",
    records: ["id", "decision", "note"],
    limit: "admin",
  },

  "users.list": { needs: "manage_people", logs: "look", limit: "browse" },
  "users.invite": {
    needs: "manage_people",
    stepUp: true,
    logs: "act",
    records: ["email", "name", "role", "area", "trainedOn"],
    limit: "admin",
  },
  "users.cancelInvitation": { needs: "manage_people", logs: "act", records: ["id"], limit: "remove" },
  "users.update": {
    needs: "manage_people",
    stepUp: true,
    logs: "act",
    records: ["id", "name", "area", "trainedOn"],
    limit: "admin",
  },
  "users.setRole": {
    needs: "manage_people",
    stepUp: true,
    logs: "act",
    records: ["id", "role", "reason"],
    limit: "admin",
  },
  "users.decide": { needs: "manage_people", stepUp: true, logs: "act", records: ["id", "approve"], limit: "admin" },
  "users.setDisabled": {
    needs: "manage_people",
    stepUp: true,
    logs: "act",
    records: ["id", "disabled", "reason"],
    limit: "remove",
  },
  "users.resetAuthenticator": { needs: "manage_people", stepUp: true, logs: "act", records: ["id"], limit: "remove" },
  "users.resetPassword": { needs: "manage_people", stepUp: true, logs: "act", records: ["id"], limit: "remove" },
  "users.devices": { needs: "manage_people", logs: "look", records: ["id"], limit: "browse" },
  "users.revokeDevice": { needs: "manage_people", logs: "act", records: ["id"], limit: "remove" },

  "policy.read": { needs: "signed_in" },
  "policy.set": { needs: "set_policy", stepUp: true, logs: "act", records: ["basedOn"], limit: "admin" },

  "accessLog.search": {
    needs: "read_log",
    logs: "look",
    records: ["plate", "userId", "action", "outcome", "from", "to", "cursor"],
    limit: "browse",
  },
  "accessLog.mine": { needs: "signed_in", logs: "look", records: ["cursor"], limit: "browse" },
  "accessLog.export": {
    needs: "read_log",
    stepUp: true,
    logs: "look",
    records: ["plate", "userId", "action", "outcome", "from", "to", "recipient"],
    limit: "export",
  },
  "accessLog.verify": { needs: "read_log", limit: "admin" },
  "accessLog.addOffline": { needs: "signed_in", limit: "offline" },
  "reviews.list": { needs: "review_looks", logs: "look", limit: "own" },
  "reviews.decide": { needs: "review_looks", logs: "act", records: ["id", "outcome", "note"], limit: "own" },
} as const satisfies Record<string, AccessEntry>;
export type ProcedureName = keyof typeof PROCEDURES;

/** Every REST route and what it needs. */
export const ROUTES = {
  "POST /api/v1/detections/batch": { needs: "collector_key" },
  "POST /api/v1/heartbeat": { needs: "collector_key" },
  "POST /api/v1/commands/:commandId/ack": { needs: "collector_key" },
  "GET /api/v1/ping": { needs: "public" },
  "GET /api/v1/keys": { needs: "public" },
  "GET /api/v1/openapi.json": { needs: "public" },
  "GET /api/evidence/:detectionId/crop": { needs: "see_crop", logs: "look", records: ["detectionId"], limit: "image" },
  "GET /api/evidence/:detectionId/full": { needs: "see_scene", logs: "look", records: ["detectionId"], limit: "image" },
  "GET /transparency": { needs: "public" },
  "GET /policy": { needs: "public" },
  "GET /healthz": { needs: "public" },
  "GET /readyz": { needs: "public" },
  "GET /metrics": { needs: "public" },
} as const satisfies Record<string, AccessEntry>;
export type RouteName = keyof typeof ROUTES;

type Logged<Table> = {
  [Name in keyof Table]: Table[Name] extends { logs: string } ? Name : never;
}[keyof Table];
type Recorded<Table> = {
  [Name in keyof Table]: Table[Name] extends { records: readonly (infer Field)[] } ? Field : never;
}[keyof Table];

type CollectorRoute = {
  [Name in RouteName]: (typeof ROUTES)[Name]["needs"] extends "collector_key" ? Name : never;
}[RouteName];

/** What is written down beside the doors of the table. */
export type OtherAction =
  | "auth.signedIn"
  | "auth.signInFailed"
  | "auth.recovered"
  | "auth.joined"
  /** A collector's key that has ended, tried on. */
  | CollectorRoute
  /** An act of the operator's command. */
  | "console.act";
/** Every action that an entry of the access log may name. */
export type LoggedAction = Logged<typeof PROCEDURES> | Logged<typeof ROUTES> | OtherAction;
/**
 * Every field of an input that the access log may hold, and what is found out about an act: the person or thing that it is
 * about (`subject`), and which settings of the policy it changes (`changed`).
 */
export type RecordedField =
  | Recorded<typeof PROCEDURES>
  | Recorded<typeof ROUTES>
  | `filters.${keyof SearchFilters}`
  | "subject"
  | "changed";

/** The table's row of a procedure or route, with every optional field readable. */
export const accessOf = (name: ProcedureName | RouteName): AccessEntry =>
  ({ ...PROCEDURES, ...ROUTES } as Record<string, AccessEntry>)[name] as AccessEntry;

/** Says whether an action with these recorded fields is what screens ask for by themselves. */
export const isBackground = (action: string, records: { cursor?: unknown }): boolean => {
  const background = ({ ...PROCEDURES, ...ROUTES } as Record<string, AccessEntry>)[action]?.background;
  return background === "newest" ? records.cursor === undefined : background === true;
};

/** Says whether a role holds a capability. */
export const can = (role: Role, capability: Capability): boolean =>
  (CAPABILITIES[capability] as readonly Role[]).includes(role);

/** How far back a viewer finds detections. */
export const VIEWER_REACH_MS = 24 * 3_600_000;
/** How long a viewer sees an alert: what came of it is settled within three days, and a phone keeps no more (offline.md). */
export const VIEWER_ALERTS_MS = 72 * 3_600_000;
/** How far back the newest detections are paged without a purpose: a look at what is going on, not at what was. */
export const LIVE_PAGES_MS = 3_600_000;
/** How long a code from the authenticator counts as fresh. */
export const STEP_UP_MS = 5 * 60_000;
/** How long an invitation and a reset link can be used. */
export const INVITATION_MS = 48 * 3_600_000;
/** How long one stated purpose lasts at most: a shift. */
export const INVESTIGATION_MS = 8 * 3_600_000;

export const userSchema = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: roleSchema,
  /** Where a viewer finds detections; null is everywhere. */
  area: z.nullable(z.string()),
  /** The day of the last training, YYYY-MM-DD. */
  trainedOn: z.nullable(z.string()),
});
export type User = z.infer<typeof userSchema>;

/** E-mail addresses are compared without case and in one Unicode form. */
export const normalizeEmail = (email: string): string => email.normalize("NFKC").trim().toLowerCase();

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;
