/**
 * The three ways in which something fails at the edge.
 * Rule: whoever throws says whether trying again can help; nothing else decides between waiting and giving up.
 */

/** Trying again later can help: a line that is cut, a full disk, a server that restarts. */
export class RecoverableError extends Error {
  override name = "RecoverableError";
}

/** Trying again cannot help; the collector stops with this exit code and says why. */
export class FatalError extends Error {
  override name = "FatalError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Foreign material that cannot be read as it is: it goes to quarantine beside this reason, and work goes on. */
export class UnreadableError extends Error {
  override name = "UnreadableError";
}

/** The message of whatever was thrown, with the cause that fetch hides behind "fetch failed". */
export const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? `${thrown.message}: ${thrown.cause.message}` : thrown.message;
};

/** The system's code of a failed call (`ENOSPC`, `SQLITE_FULL`), or null. */
export const codeOf = (thrown: unknown): string | null =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : null;
