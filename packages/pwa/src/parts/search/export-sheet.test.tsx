/** The export sheet says what the file will hold, and sends just that. */
import { fireEvent, render, screen, waitFor, within } from "@solidjs/testing-library";
import { beforeEach, expect, test } from "vitest";
import { uuidOf } from "../../builders.ts";
import { setLanguage } from "../../settings.ts";
import { says, standIn } from "../../stand-in.ts";
import { ExportSheet, type Exported } from "./export-sheet.tsx";

const central = standIn();
beforeEach(() => {
  setLanguage("en");
  URL.createObjectURL = () => "blob:file";
  URL.revokeObjectURL = () => undefined;
  central.on("map.cameras", () => says({ cameras: [{ id: uuidOf(1), name: "North Gate", area: null }] }));
});

const open = async (asked: Exported, allHours = false) => {
  const sent = central.on("detections.export", () =>
    says({ filename: "detections.csv", mime: "text/csv", text: "", detections: 1, truncated: false }),
  );
  render(() => <ExportSheet open asked={asked} allHours={allHours} onClose={() => undefined} />);
  const dialog = within(await screen.findByRole("dialog"));
  return { dialog, sent };
};
const holds = () => document.querySelector(".file-holds")?.textContent;
const submit = (dialog: Awaited<ReturnType<typeof open>>["dialog"]): void => {
  fireEvent.input(dialog.getByLabelText("Recipient"), { target: { value: "Sgt. Levi" } });
  fireEvent.click(dialog.getByRole("button", { name: "Export" }));
};

test("of a plate: every filter of the screen is named and sent", async () => {
  const asked = { plate: "128567", lookAlikes: true, filters: { cameraIds: [uuidOf(1)], vehicle: "white van" } };
  const { dialog, sent } = await open(asked, true);
  await waitFor(() =>
    expect(holds()).toBe(
      "Detections of 128567 and its look-alikes, newest first. Only what fits: North Gate · white van. Of all hours, also of those that are not shown.",
    ),
  );
  submit(dialog);
  await waitFor(() => expect(sent).toEqual([{ ...asked, format: "csv", recipient: "Sgt. Levi" }]));
});

test("of a plate without a filter it says that it is all", async () => {
  await open({ plate: "128567", filters: {} });
  expect(holds()).toBe("Detections of 128567, newest first. All that is stored: no filter is set.");
});

test("what is too wide for a file is refused before anything is asked", async () => {
  const { dialog, sent } = await open({ filters: { vehicle: "white van" }, unread: true });
  expect(holds()).toBe("Detections that passed, newest first. Only what fits: white van · no plate read.");
  submit(dialog);
  expect(dialog.getByRole("alert").textContent).toContain("Choose a camera, an area or a beginning first");
  expect(sent).toEqual([]);
});
