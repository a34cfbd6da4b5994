/** Two administrators who change the settings at the same time. */
import { DEFAULT_POLICY, type PolicyView } from "@chaverim/contracts";
import { createRoot } from "solid-js";
import { expect, test } from "vitest";
import { refuses, says, standIn } from "../../stand-in.ts";
import { createSettingsDraft } from "./settings-draft.ts";

const central = standIn();
const aVersion = (version: number, contact: string): PolicyView => ({
  version,
  settings: { ...structuredClone(DEFAULT_POLICY), contact },
  setAt: "2026-11-22T20:00:00Z",
  setBy: "Rivka A.",
});
const aDraft = (view: PolicyView) => createRoot(() => createSettingsDraft(view));

test("a draft is saved on the version that it began from and then begins from the new one", async () => {
  const sent = central.on("policy.set", () => says(aVersion(4, "Mine")));
  const draft = aDraft(aVersion(3, "Old"));
  draft.set("contact", "Mine");
  expect(draft.isChanged()).toBe(true);
  expect(await draft.save()).toBe(true);
  expect(sent).toEqual([{ settings: { ...DEFAULT_POLICY, contact: "Mine" }, basedOn: 3 }]);
  expect(draft.base().version).toBe(4);
  expect(draft.isChanged()).toBe(false);
});

test("a change by somebody else meanwhile is named, and nothing typed is lost before it is loaded", async () => {
  central.on("policy.set", () => refuses("conflict", 409));
  central.on("policy.read", () => says(aVersion(4, "Theirs")));
  const draft = aDraft(aVersion(3, "Old"));
  draft.set("contact", "Mine");
  expect(await draft.save()).toBe(false);
  expect(draft.conflict()?.setBy).toBe("Rivka A.");
  expect(draft.settings.contact).toBe("Mine");
  draft.load(draft.conflict() ?? aVersion(0, ""));
  expect(draft.settings.contact).toBe("Theirs");
  expect(draft.conflict()).toBeUndefined();
  expect(draft.isChanged()).toBe(false);
});

test("taking a change back leaves nothing to save", () => {
  const draft = aDraft(aVersion(3, "Old"));
  draft.set("pages", "elements", "sharing", "With the police.");
  expect(draft.isChanged()).toBe(true);
  draft.set("pages", "elements", "sharing", "");
  expect(draft.isChanged()).toBe(false);
});

test("a refusal that is no conflict is told as it is", async () => {
  central.on("policy.set", () => refuses("forbidden", 403));
  await expect(aDraft(aVersion(3, "Old")).save()).rejects.toThrow("forbidden");
});
