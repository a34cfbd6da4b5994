/**
 * What purposes are called on every screen that names one.
 * Rule: a name that is still the delivered one is said in the reader's language; one that somebody wrote stands as written.
 */
import { DEFAULT_POLICY, type PurposeCode } from "@chaverim/contracts";
import { accountEn } from "../../i18n/account-en.ts";
import { w } from "../../i18n/account.ts";

const hasWords = (key: string): key is keyof typeof accountEn => key in accountEn;
const isDelivered = (code: string, label: string): boolean =>
  DEFAULT_POLICY.purpose.codes.some((delivered) => delivered.code === code && delivered.label === label);

/**
 * @param purposes those of the policy in force; a code that it no longer knows stands for itself
 */
export const purposeLabel = (code: string, purposes: readonly PurposeCode[]): string => {
  const label = purposes.find((known) => known.code === code)?.label ?? code;
  const key = `purpose.${code}`;
  return isDelivered(code, label) && hasWords(key) ? w(key) : label;
};
