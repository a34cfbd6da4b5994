/** Deciding a review: a finding that somebody may be asked about has its note. */
import type { ReviewView } from "@chaverim/contracts";
import { fireEvent, render, screen } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { uuidOf } from "../../builders.ts";
import { setLanguage } from "../../settings.ts";
import { refuses, says, standIn } from "../../stand-in.ts";
import { ReviewDecision } from "./review-decision.tsx";

const central = standIn();
beforeEach(() => setLanguage("en"));

const REVIEW: ReviewView = {
  id: uuidOf(1),
  kind: "repeat_plate",
  user: { id: uuidOf(2), name: "Dov K." },
  plate: "31X490",
  period: "2026-W47",
  entries: [],
  entryCount: 6,
  createdAt: "2026-11-22T20:00:00Z",
  assignedTo: null,
  decided: null,
};

const decide = (finding: string | null, note: string) => {
  const onDecided = vi.fn<() => void>();
  render(() => <ReviewDecision review={REVIEW} onDecided={onDecided} />);
  if (finding !== null) fireEvent.click(screen.getByLabelText(finding));
  const text = screen.getByLabelText("Note");
  fireEvent.input(text, { target: { value: note } });
  fireEvent.submit(text.closest("form") as HTMLFormElement);
  return onDecided;
};

test("nothing is decided without a finding", async () => {
  const sent = central.on("reviews.decide", () => says(REVIEW));
  decide(null, "Asked him.");
  expect(await screen.findByText("Choose a finding.")).toBeTruthy();
  expect(sent).toEqual([]);
});

test("unclear and misuse say why, justified may speak for itself", async () => {
  const sent = central.on("reviews.decide", () => says(REVIEW));
  decide("Misuse", "  ");
  expect(await screen.findByText(/Say in a note/)).toBeTruthy();
  expect(sent).toEqual([]);
  fireEvent.click(screen.getByLabelText("Justified"));
  fireEvent.submit(screen.getByLabelText("Note").closest("form") as HTMLFormElement);
  await vi.waitFor(() => expect(sent).toEqual([{ id: REVIEW.id, outcome: "justified" }]));
});

test("a decision that somebody else made first is told and the form stays", async () => {
  central.on("reviews.decide", () => refuses("conflict", 409));
  const onDecided = decide("Unclear", "Two answers.");
  expect(await screen.findByText("A sentence.")).toBeTruthy();
  expect(onDecided).not.toHaveBeenCalled();
});
