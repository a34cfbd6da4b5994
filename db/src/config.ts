/**
 * What this package reads from the environment.
 * Rule: process.env is read here alone.
 */

/** A PostgreSQL server for tests, instead of the embedded one; null when not set. */
export const testServerUrl = (): string | null => process.env["TEST_DATABASE_URL"] ?? null;

/** The search path for programs, passed on to PostgreSQL's own processes. */
export const programPath = (): string => process.env["PATH"] ?? "/usr/bin:/bin";
