/**
 * What is typed about a person.
 * Rule: an address has one form, nobody is called as the operator's command is, and a training is never in the future.
 */
import { normalizeEmail } from "@chaverim/contracts";
import * as z from "zod";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { CONSOLE_NAME } from "../alerts/view.ts";
import { lineSchema } from "../line.ts";

/** NFKC before the check, so that look-alike forms of an address are one; 254 is the most that mail can deliver to. */
export const emailSchema = z.string().max(254).transform(normalizeEmail).pipe(z.email());
/** As the eye compares names: width, case, blanks and what is not seen do not tell two apart. */
const seen = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\p{Cf}\s]/gu, "");
export const nameSchema = lineSchema(100).refine(
  (name) => seen(name) !== seen(CONSOLE_NAME),
  "is what the server's own command is called",
);
/** As long as the areas of cameras. */
export const areaSchema = lineSchema(60);
export const reasonSchema = lineSchema(500, 3);
export const trainedOnSchema = z.iso.date();

/** The organisation's today, YYYY-MM-DD. */
export const readToday = async ({ policy }: Pick<Central, "policy">): Promise<string> => {
  const { timeZone } = (await policy.current()).settings;
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short" }).format();
};

/** @throws AppError invalid when the day has not come yet */
export const checkTrainedOn = async (
  central: Pick<Central, "policy">,
  trainedOn: string | null | undefined,
): Promise<void> => {
  if (trainedOn && trainedOn > (await readToday(central)))
    throw new AppError("invalid", "A training is entered when it has taken place: this day has not come yet.");
};
