/**
 * The one error of the demo: something that the person at the terminal can put right.
 * Rule: its message is one clear sentence, printed without a stack.
 */
export class DemoError extends Error {
  override name = "DemoError";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The message of whatever was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The system's code of a failure, such as ENOENT. */
export const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
