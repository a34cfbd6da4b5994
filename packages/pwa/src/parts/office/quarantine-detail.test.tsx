/** One element of quarantine: foreign bytes stay text, and a decision says what it does. */
import type { QuarantineView } from "@chaverim/contracts";
import { fireEvent, render, screen } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { uuidOf } from "../../builders.ts";
import { setLanguage } from "../../settings.ts";
import { refuses, says, standIn } from "../../stand-in.ts";
import { QuarantineDetail } from "./quarantine-detail.tsx";

const central = standIn();
beforeEach(() => setLanguage("en"));

const HOSTILE = `<img src=x onerror="document.title='stolen'"><script>document.title='stolen'</script>`;
const ELEMENT: QuarantineView = {
  id: uuidOf(1),
  collector: { id: uuidOf(2), name: HOSTILE },
  reason: "unsigned",
  detail: HOSTILE,
  detectionId: uuidOf(3),
  bytes: 70_000,
  images: 1,
  receivedAt: "2026-11-22T20:00:00Z",
  decided: null,
};
const ITEM = { view: ELEMENT, text: HOSTILE, images: [{ part: HOSTILE, sha256: "ab".repeat(32), bytes: 2000 }] };

const show = () => {
  const onDecided = vi.fn<() => void>();
  const { container } = render(() => <QuarantineDetail id={ELEMENT.id} onDecided={onDecided} />);
  return { onDecided, container };
};
const decide = () => fireEvent.submit(screen.getByLabelText("Note").closest("form") as HTMLFormElement);

test("bytes, names and reasons that strangers wrote stay text", async () => {
  central.on("quarantine.read", () => says(ITEM));
  const { container } = show();
  expect((await screen.findByRole("region")).textContent).toBe(HOSTILE);
  expect(container.querySelector("img, script")).toBeNull();
  // The bytes, what is wrong, the collector and the picture.
  expect((container.textContent ?? "").split(HOSTILE).length - 1).toBe(4);
  expect(screen.getByText(/^The first 66 kB of 70 kB/)).toBeTruthy();
});

test("nothing is decided without a choice", async () => {
  central.on("quarantine.read", () => says(ITEM));
  const sent = central.on("quarantine.decide", () => says({}));
  show();
  await screen.findByLabelText("Note");
  decide();
  expect(await screen.findByText("Choose a decision.")).toBeTruthy();
  expect(sent).toEqual([]);
});

test("a decision goes to central with its note", async () => {
  central.on("quarantine.read", () => says(ITEM));
  const sent = central.on("quarantine.decide", () => says({}));
  const { onDecided } = show();
  fireEvent.input(await screen.findByLabelText("Note"), { target: { value: " An old version. " } });
  fireEvent.click(screen.getByLabelText(/^Release/));
  decide();
  await vi.waitFor(() => expect(onDecided).toHaveBeenCalledOnce());
  expect(sent).toEqual([{ id: ELEMENT.id, decision: "released", note: "An old version." }]);
});

test("what central will not release says why, and the form stays", async () => {
  central.on("quarantine.read", () => says(ITEM));
  central.on("quarantine.decide", () => refuses("conflict", 409));
  const { onDecided } = show();
  await screen.findByLabelText("Note");
  fireEvent.click(screen.getByLabelText(/^Release/));
  decide();
  expect(await screen.findByText("A sentence.")).toBeTruthy();
  expect(onDecided).not.toHaveBeenCalled();
});

test("what was decided shows who, and asks nothing again", async () => {
  const decided = { decision: "kept", by: "Dov K.", at: "2026-11-22T21:00:00Z", note: "Seen." } as const;
  central.on("quarantine.read", () => says({ ...ITEM, view: { ...ELEMENT, decided } }));
  show();
  expect(await screen.findByText(/^Left in quarantine by Dov K\./)).toBeTruthy();
  expect(screen.getByText("Seen.")).toBeTruthy();
  expect(screen.queryByLabelText("Note")).toBeNull();
});
