/**
 * Starts PostgreSQL once for a whole test run and tells the test files where it is.
 * Rule: whoever starts it stops it.
 */
import type { TestProject } from "vitest/node";
import { startTestServer } from "./testing.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  project.provide("testServerUrl", server.url);
  return server.stop;
}
