/** Two plates side by side: rows are always of the two that are named. */
import type { DetectionView } from "@chaverim/contracts";
import { MemoryRouter, Route } from "@solidjs/router";
import { render, screen, waitFor } from "@solidjs/testing-library";
import { createSignal } from "solid-js";
import { beforeEach, expect, test } from "vitest";
import { aDetection } from "../../builders.ts";
import { setLanguage } from "../../settings.ts";
import { says, standIn } from "../../stand-in.ts";
import { Compare } from "./compare.tsx";

const central = standIn();
beforeEach(() => setLanguage("en"));

const seen = (number: number, more: Partial<DetectionView> = {}): DetectionView => aDetection(number, more);

test("with another plate the first answer goes at once, and the second counts anew", async () => {
  const [other, setOther] = createSignal("555555");
  let answerLate: (response: Response) => void = () => undefined;
  const sent = central.on("detections.timeline", ({ plate }) => {
    if (plate === "777777") return new Promise<Response>((resolve) => (answerLate = resolve));
    return says({ detections: plate === "128567" ? [seen(40), seen(1)] : [seen(42), seen(3)], cursor: null });
  });
  render(() => (
    <MemoryRouter>
      <Route
        path="*"
        component={() => (
          <Compare state={{ plate: "128567", with: other() }} other={other()} isSettled onStop={() => undefined} />
        )}
      />
    </MemoryRouter>
  ));
  expect(await screen.findByText("Met 2 times")).toBeTruthy();
  setOther("777777");
  expect(screen.queryByText("Met 2 times")).toBeNull();
  expect(document.querySelectorAll(".virtual")).toHaveLength(0);
  expect(screen.getByRole("link").textContent).toBe("777777");
  await waitFor(() => expect(sent.at(-1)).toMatchObject({ plate: "777777" }));
  answerLate(says({ detections: [seen(41)], cursor: null }));
  expect(await screen.findByText("Met once")).toBeTruthy();
});
