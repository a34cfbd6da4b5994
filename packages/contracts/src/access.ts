/**
 * Who may do what: one typed table that the server, the screens and the tests read.
 * Rule: a procedure or route without an entry does not start, and nobody may delete evidence.
 */
import * as z from "zod/mini";

export const ROLES = ["admin", "operator", "viewer"] as const;
export type Role = (typeof ROLES)[number];
export const roleSchema = z.enum(ROLES);

/** Who holds each capability. */
const CAPABILITIES = {
  see_alerts: ["admin", "operator", "viewer"],
  answer_alerts: ["admin", "operator", "viewer"],
  search_plates: ["admin", "operator", "viewer"],
  see_crop: ["admin", "operator", "viewer"],
  see_scene: ["admin", "operator"],
  read_watchlists: ["admin", "operator", "viewer"],
  write_watchlists: ["admin", "operator"],
  see_collectors: ["admin", "operator"],
  manage_collectors: ["admin"],
} as const satisfies Record<string, readonly Role[]>;
export type Capability = keyof typeof CAPABILITIES;

/** What a caller needs: a capability, any full session, no session at all, or a collector's key. */
export type Access = Capability | "signed_in" | "public" | "collector_key";

/** Every tRPC procedure and what it needs. The server refuses to start when one is missing. */
export const PROCEDURES = {
  "auth.login": "public",
  "auth.totp": "public",
  "auth.setupState": "public",
  "auth.setup": "public",
  "auth.setupConfirm": "public",
  "auth.me": "signed_in",
  "auth.logout": "signed_in",
  "system.info": "public",
  "detections.search": "search_plates",
  "detections.recent": "search_plates",
  "detections.live": "search_plates",
  "alerts.since": "see_alerts",
  "alerts.live": "see_alerts",
  "alerts.acknowledge": "answer_alerts",
  "alerts.resolve": "answer_alerts",
  "watchlists.list": "read_watchlists",
  "watchlists.addEntry": "write_watchlists",
  "watchlists.create": "write_watchlists",
  "watchlists.removeEntry": "write_watchlists",
  "watchlists.restoreEntry": "write_watchlists",
  "collectors.list": "see_collectors",
  "collectors.approveCamera": "manage_collectors",
} as const satisfies Record<string, Access>;
export type ProcedureName = keyof typeof PROCEDURES;

/** Every REST route and what it needs. */
export const ROUTES = {
  "POST /api/v1/detections/batch": "collector_key",
  "POST /api/v1/heartbeat": "collector_key",
  "GET /api/v1/ping": "public",
  "GET /api/v1/keys": "public",
  "GET /api/v1/openapi.json": "public",
  "GET /api/evidence/:detectionId/crop": "see_crop",
  "GET /api/evidence/:detectionId/full": "see_scene",
  "GET /healthz": "public",
  "GET /readyz": "public",
  "GET /metrics": "public",
} as const satisfies Record<string, Access>;

/** Says whether a role holds a capability. */
export const can = (role: Role, capability: Capability): boolean =>
  (CAPABILITIES[capability] as readonly Role[]).includes(role);

export const userSchema = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: roleSchema,
});
export type User = z.infer<typeof userSchema>;

/** E-mail addresses are compared without case and in one Unicode form. */
export const normalizeEmail = (email: string): string => email.normalize("NFKC").trim().toLowerCase();

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;
