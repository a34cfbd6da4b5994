/**
 * The organisation's policy: who must say why they look, how long things last, and what the public may read.
 * Rule: every setting here changes what the system does or what a public page says; each change is a new version.
 */
import * as z from "zod/mini";
import { roleSchema } from "./access.ts";

// Says to the screens' build that nothing is lost when a schema is left out.
/* @__NO_SIDE_EFFECTS__ */
const line = (max: number) => z.string().check(z.maxLength(max));

export const purposeCodeSchema = z.object({
  /** Short and stable, e.g. `stolen_vehicle`; written into each entry of the access log. */
  code: z.string().check(z.regex(/^[a-z][a-z0-9_]{1,39}$/)),
  label: z.string().check(z.minLength(2), z.maxLength(60)),
  /** A case number is asked for with this purpose; a free text is not enough. */
  needsCase: z.boolean(),
});
export type PurposeCode = z.infer<typeof purposeCodeSchema>;

/** What has to be known of each place where the platform may stand; `law` is the sentence that the first run shows. */
export const JURISDICTIONS = {
  "US-CA": { law: "regulated" },
  "US-NJ": { law: "regulated" },
  "US-AR": { law: "restricted" },
  "US-ME": { law: "restricted" },
  "US-NH": { law: "restricted" },
  "US-other": { law: "check" },
  IL: { law: "check" },
  GB: { law: "check" },
  EU: { law: "check" },
  other: { law: "check" },
} as const satisfies Record<string, { law: "regulated" | "restricted" | "check" }>;
export type Jurisdiction = keyof typeof JURISDICTIONS;
export const JURISDICTION_CODES = Object.keys(JURISDICTIONS) as [Jurisdiction, ...Jurisdiction[]];

/** The elements that California Civil Code 1798.90.51(b)(2) asks of a usage and privacy policy, A to G. */
export const POLICY_ELEMENTS = [
  "purposes",
  "authorised",
  "monitoring",
  "sharing",
  "custodian",
  "accuracy",
  "retention",
] as const;
export type PolicyElement = (typeof POLICY_ELEMENTS)[number];

/** Hours of the day in the organisation's time zone; `from` may lie after `to` (a night). */
const hour = z.int().check(z.gte(0), z.lte(23));

const elementText = line(4000);

export const policySettingsSchema = z.object({
  organisation: z.string().check(z.minLength(2), z.maxLength(100)),
  /** How the public reaches whoever is responsible: an address, a telephone number. */
  contact: line(200),
  /** IANA name, e.g. `America/New_York`: decides when a day begins and what is night. */
  timeZone: z.string().check(
    z.maxLength(64),
    // By name: "+05:30" is east of Greenwich here and west of it in PostgreSQL.
    z.regex(/^[A-Za-z]/, "Choose a time zone by its name, such as America/New_York."),
    z.refine((zone) => {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
      } catch {
        return false; // Intl's own way of saying that there is no such zone
      }
    }, "There is no such time zone."),
  ),
  jurisdiction: z.nullable(z.enum(JURISDICTION_CODES)),
  purpose: z.object({
    requiredFor: z.array(roleSchema),
    codes: z.array(purposeCodeSchema).check(z.minLength(1), z.maxLength(30)),
  }),
  training: z.object({ validDays: z.int().check(z.gte(1), z.lte(1825)) }),
  viewer: z.object({ dailyLooks: z.int().check(z.gte(1), z.lte(10_000)) }),
  sessions: z.object({
    /** A browser without use is signed out after this; the absolute limit of 12 hours stays. */
    idleMinutes: z.int().check(z.gte(5), z.lte(720)),
    /** An installed app ends after 12 hours like a browser, instead of 14 days or 72 hours without use. */
    strictInstalled: z.boolean(),
  }),
  reviews: z.object({
    /** Looks at the same plate without a case within seven days that call for a review. */
    repeatLooks: z.int().check(z.gte(2), z.lte(100)),
    nightFrom: hour,
    nightTo: hour,
    /** Looks within one night that call for a review. */
    nightLooks: z.int().check(z.gte(1), z.lte(10_000)),
    /** Looks of a month that are drawn at random for review. */
    samplePerMonth: z.int().check(z.gte(0), z.lte(1000)),
  }),
  pages: z.object({
    transparency: z.boolean(),
    policy: z.boolean(),
    elements: z.object({
      purposes: elementText,
      authorised: elementText,
      monitoring: elementText,
      sharing: elementText,
      custodian: elementText,
      accuracy: elementText,
      retention: elementText,
    }),
  }),
});
export type PolicySettings = z.infer<typeof policySettingsSchema>;

/** In force until an administrator sets another one: version 0. */
export const DEFAULT_POLICY: PolicySettings = {
  organisation: "Chaverim",
  contact: "",
  timeZone: "UTC",
  jurisdiction: null,
  purpose: {
    requiredFor: ["admin", "operator", "viewer"],
    codes: [
      { code: "stolen_vehicle", label: "Stolen vehicle", needsCase: false },
      { code: "missing_person", label: "Missing person", needsCase: false },
      { code: "suspicious_vehicle", label: "Suspicious vehicle", needsCase: false },
      { code: "incident", label: "Incident follow-up", needsCase: false },
      { code: "police_request", label: "Request by the police", needsCase: true },
      { code: "correction", label: "Checking a reading", needsCase: false },
    ],
  },
  training: { validDays: 365 },
  viewer: { dailyLooks: 50 },
  sessions: { idleMinutes: 30, strictInstalled: false },
  reviews: { repeatLooks: 5, nightFrom: 0, nightTo: 5, nightLooks: 30, samplePerMonth: 10 },
  pages: {
    transparency: false,
    policy: false,
    elements: {
      purposes: "",
      authorised: "",
      monitoring: "",
      sharing: "",
      custodian: "",
      accuracy: "",
      retention: "",
    },
  },
};

export type PolicyView = {
  version: number;
  settings: PolicySettings;
  setAt: string | null;
  setBy: string | null;
};
