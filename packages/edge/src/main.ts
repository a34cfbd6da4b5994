/**
 * Starts a collector: `npm run collect -- --config FILE`.
 * Rule: nothing else is imported here: an old Node fails on the other files with a syntax error instead of a sentence.
 */

/** better-sqlite3 and the syntax of these files need it; the repository carries Node 24. */
const NODE_MAJOR_MIN = 22;

if (Number(process.versions.node.split(".", 1)[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`This is Node ${process.versions.node}; run me through npm: npm run collect -- --config FILE\n`);
  process.exitCode = 1;
} else {
  const { startSmall } = await import("./start-small.ts");
  await startSmall();
}
