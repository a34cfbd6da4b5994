/**
 * Starts the simulated town: `npm start`.
 * Rule: an old Node gets a sentence instead of a stack, and so does every mistake that a person can put right.
 */

/** Type stripping and the syntax of these files need it; the repository carries Node 24. */
const NODE_MAJOR_MIN = 22;

const start = async (): Promise<void> => {
  // Loaded here and not above: an old Node fails on these files with a syntax error instead of a sentence.
  const { USAGE, readConfig } = await import("./config.ts");
  const { DemoError, reasonOf } = await import("./failure.ts");
  try {
    const config = readConfig();
    if (config === "help") process.stdout.write(`${USAGE}\n`);
    else await (await import("./demo.ts")).runDemo(config);
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exitCode = error instanceof DemoError ? error.exitCode : 1;
  }
};

if (Number(process.versions.node.split(".", 1)[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(`This is Node ${process.versions.node}: run me through npm (npm start).\n`);
  process.exitCode = 1;
} else {
  await start();
}
