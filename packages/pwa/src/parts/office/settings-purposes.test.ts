/** New purposes: their short names stay in the access log for ever. */
import { DEFAULT_POLICY, purposeCodeSchema } from "@chaverim/contracts";
import { beforeEach, expect, test } from "vitest";
import { setLanguage } from "../../settings.ts";
import { codeFrom, purposeProblem } from "./settings-purposes.tsx";

const KNOWN = DEFAULT_POLICY.purpose.codes;
beforeEach(() => setLanguage("en"));

test("a short name that is made from a label is one that central takes", () => {
  for (const label of ["Stolen vehicle", "  24 h watch – again! ", "Ärger", "long ".repeat(20)]) {
    expect(purposeCodeSchema.safeParse({ code: codeFrom(label), label: "Label", needsCase: false }).success).toBe(true);
  }
});

test("a label without Latin letters asks for a short name", () => {
  expect(purposeProblem("רכב גנוב", codeFrom("רכב גנוב"), KNOWN)).toContain("begins with a letter");
});

test("a short name is given once", () => {
  expect(purposeProblem("Stolen", "stolen_vehicle", KNOWN)).toBe("There is a purpose with this short name already.");
  expect(purposeProblem("Patrol", "patrol", KNOWN)).toBe("");
});
