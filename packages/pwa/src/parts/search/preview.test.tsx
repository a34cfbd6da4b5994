/** What an entry would match: told of what is chosen now, never of what was. */
import type { MatchStrategy, PlateHit } from "@chaverim/contracts";
import { fireEvent, render, screen, waitFor } from "@solidjs/testing-library";
import { createSignal } from "solid-js";
import { beforeEach, expect, test } from "vitest";
import { setLanguage } from "../../settings.ts";
import { refuses, says, standIn } from "../../stand-in.ts";
import { Preview } from "./preview.tsx";

const central = standIn();
beforeEach(() => setLanguage("en"));

const hit = (plate: string): PlateHit => ({
  plate,
  match: { kind: "exact", differences: [] },
  sightings: 1,
  firstSeen: "2026-11-22T20:00:00Z",
  lastSeen: "2026-11-22T20:00:00Z",
  latest: null,
  listed: null,
});
const found = (...plates: string[]) => says({ understood: {}, hits: plates.map(hit), cursor: null, truncated: false });

const show = () => {
  const [plate, setPlate] = createSignal("128567");
  const [match, setMatch] = createSignal<MatchStrategy>("exact");
  render(() => <Preview plate={plate} match={match()} />);
  return { setPlate, setMatch };
};
const ask = () => fireEvent.click(screen.getByRole("button", { name: "What would it match?" }));
const told = () => screen.getByRole("status").textContent;

test("an answer that comes when another plate is typed is not shown", async () => {
  let answer: (response: Response) => void = () => undefined;
  const sent = central.on("detections.search", () => new Promise<Response>((resolve) => (answer = resolve)));
  const { setPlate } = show();
  ask();
  await waitFor(() => expect(sent).toHaveLength(1));
  setPlate("999999");
  answer(found("128567"));
  await waitFor(() => expect(screen.getByRole("button")).toHaveProperty("disabled", false));
  expect(told()).toBe("");
});

test("another way of matching takes the sentence away, and so does a failure that is of something else", async () => {
  central.on("detections.search", () => found("128567"));
  const { setMatch } = show();
  ask();
  await waitFor(() => expect(told()).toBe("Of the plates seen so far: 128567."));
  setMatch("look-alike");
  expect(told()).toBe("");
  central.on("detections.search", () => refuses("invalid", 400));
  ask();
  await waitFor(() => expect(told()).toBe("A sentence."));
  setMatch("near");
  expect(told()).toBe("");
});
