/** Exporting the access log: who receives it is said first, and what central made is the file. */
import { fireEvent, render, screen } from "@solidjs/testing-library";
import { beforeEach, expect, test, vi } from "vitest";
import { setLanguage } from "../../settings.ts";
import { refuses, says, standIn } from "../../stand-in.ts";
import { LogExport } from "./log-export.tsx";

const central = standIn();
const CSV = '\ufeff"id"\r\n"1"\r\n';
const aFile = { filename: "access-log-2026-11-22.csv", mime: "text/csv", text: CSV, entries: 1, truncated: false };

let files: Blob[];
let names: string[];
beforeEach(() => {
  setLanguage("en");
  files = [];
  names = [];
  // jsdom makes no addresses of objects and follows no downloads.
  URL.createObjectURL = (object) => {
    files.push(object as Blob);
    return "blob:made";
  };
  URL.revokeObjectURL = () => undefined;
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
});

const open = () => {
  const onClose = vi.fn<() => void>();
  render(() => <LogExport open question={{ plate: "128567" }} onClose={onClose} />);
  return onClose;
};
const send = (recipient: string): void => {
  const input = screen.getByLabelText("Who receives it");
  fireEvent.input(input, { target: { value: recipient } });
  fireEvent.submit(input.closest("form") as HTMLFormElement);
};

test("an export without a recipient is not asked for", async () => {
  const asked = central.on("accessLog.export", () => says(aFile));
  open();
  send(" ");
  expect(await screen.findByText("Say who receives the export.")).toBeTruthy();
  expect(asked).toEqual([]);
});

test("the file has central's name and text, byte for byte", async () => {
  const asked = central.on("accessLog.export", () => says(aFile));
  const onClose = open();
  send("Sgt. Levi, police");
  await vi.waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(asked).toEqual([{ plate: "128567", format: "csv", recipient: "Sgt. Levi, police" }]);
  expect(names).toEqual(["access-log-2026-11-22.csv"]);
  expect([...new Uint8Array((await files[0]?.arrayBuffer()) ?? new ArrayBuffer(0))]).toEqual([
    ...new TextEncoder().encode(CSV),
  ]);
});

test("a refusal keeps the form open and makes no file", async () => {
  central.on("accessLog.export", () => refuses("too_many", 429));
  const onClose = open();
  send("Sgt. Levi, police");
  expect(await screen.findByText("Too many requests. Wait a moment.")).toBeTruthy();
  expect(onClose).not.toHaveBeenCalled();
  expect(files).toEqual([]);
});
