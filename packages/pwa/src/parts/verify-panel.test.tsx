/** The comparison: what is boxed, and that characters stand under each other. */
import { type PlateMatch, differencesOf, explainMatch, normalizePlate } from "@chaverim/contracts";
import { render, screen, within } from "@solidjs/testing-library";
import { beforeEach, expect, test } from "vitest";
import { anAlert } from "../builders.ts";
import { setLanguage } from "../settings.ts";
import { PlateChip } from "./plate-chip.tsx";
import { VerifyPanel, layOutPlates } from "./verify-panel.tsx";

beforeEach(() => setLanguage("en"));

const matchOf = (listed: string, read: string): PlateMatch =>
  explainMatch(normalizePlate(listed), normalizePlate(read)) ?? {
    kind: "near",
    differences: differencesOf(normalizePlate(listed), normalizePlate(read)),
  };

test("the differing character is marked in both plates, at the same place", () => {
  const plates = layOutPlates("1285-67", "12B567", matchOf("1285-67", "12B5-67"));
  expect(plates.listed.filter((cell) => cell.marked).map((cell) => cell.text)).toEqual(["8"]);
  expect(plates.read.filter((cell) => cell.marked).map((cell) => cell.text)).toEqual(["B"]);
  expect(plates.read.map((cell) => cell.left)).toEqual(plates.listed.map((cell) => cell.left));
});

test("a separator of the listed plate is never marked and does not shift what follows", () => {
  const plates = layOutPlates("55-N3", "SSN3", matchOf("55-N3", "SSN3"));
  expect(plates.read.map((cell) => cell.text).join("")).toBe("SS-N3");
  expect(plates.listed.map((cell) => cell.marked)).toEqual([true, true, false, false, false]);
});

test("a character that the reading lacks leaves an empty place, and the rest stands under itself", () => {
  const plates = layOutPlates("1285-67", "12867", matchOf("1285-67", "12867"));
  expect(plates.listed.map((cell) => cell.text).join("")).toBe("1285-67");
  expect(plates.read.map((cell) => cell.text || "_").join("")).toBe("128_-67");
  expect(plates.read.filter((cell) => cell.marked)).toHaveLength(1);
});

test("a character too many stands alone, and both plates are as wide as the longer", () => {
  const plates = layOutPlates("1285-67", "1285467", matchOf("1285-67", "1285467"));
  expect(plates.read.map((cell) => cell.text).join("")).toBe("1285-467");
  expect(plates.listed.map((cell) => cell.text || "_").join("")).toBe("1285-_67");
});

test("what a pattern left open is marked in the reading", () => {
  const plates = layOutPlates("12?5-67", "128567", { kind: "pattern", differences: [] });
  expect(plates.listed.map((cell) => cell.text).join("")).toBe("12?567");
  expect(plates.read.filter((cell) => cell.marked).map((cell) => cell.text)).toEqual(["8"]);
});

test("an exact match has no mark and says so", () => {
  render(() => <VerifyPanel alert={anAlert(1)} />);
  expect(document.querySelectorAll(".plate-mark")).toHaveLength(0);
  expect(screen.getByText("Every character fits.")).toBeTruthy();
});

test("a look-alike is boxed in the reading and in the listed plate, and put into words", () => {
  render(() => <VerifyPanel alert={anAlert(1, { listed: "1285-67", read: "12B5-67" })} />);
  const read = screen.getByRole("img", { name: "Read 12B567" });
  const listed = screen.getByRole("img", { name: "Listed plate 1285-67" });
  expect([read, listed].map((plate) => plate.querySelectorAll(".plate-mark").length)).toEqual([1, 1]);
  expect(screen.getByText("8 read as B")).toBeTruthy();
  expect(screen.getByText("Reading 86 % sure.")).toBeTruthy();
});

test("a plate stays left to right inside a Hebrew page, its characters in one piece", () => {
  setLanguage("he");
  const { container } = render(() => (
    <PlateChip text="1285-67" differences={matchOf("1285-67", "12B5-67").differences} />
  ));
  const plate = container.querySelector("bdi");
  expect(document.documentElement.dir).toBe("rtl");
  expect(plate?.dir).toBe("ltr");
  expect(plate?.textContent).toBe("1285-67");
  expect(within(container).getByText("8").tagName).toBe("B");
});
