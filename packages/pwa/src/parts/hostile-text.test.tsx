/** Text that strangers wrote (a camera's plate, the name of a list, of a camera, of a person) on a screen: text, and nothing else. */
import { Route, Router } from "@solidjs/router";
import { render } from "@solidjs/testing-library";
import { beforeEach, expect, test } from "vitest";
import { aDetection, anAlert, uuidOf } from "../builders.ts";
import { setLanguage } from "../settings.ts";
import { AlertRow } from "./alert-row.tsx";
import { PlateChip } from "./plate-chip.tsx";
import { showToast, Toasts } from "./toasts.tsx";

beforeEach(() => setLanguage("en"));

const HOSTILE = [
  `<img src=x onerror="document.title='stolen'">`,
  `<script>document.title='stolen'</script>`,
  `"><svg onload=document.title='stolen'>`,
  "javascript:document.title='stolen'",
];

/** Elements that the text would have become, and attributes that run. */
const intruders = (within: ParentNode) => [
  ...within.querySelectorAll("script, img[src=x], svg[onload], [onerror], [onload], [href^=javascript]"),
];

test.each(HOSTILE)("%j as a plate, a list, a camera and a person stays text", (text) => {
  const alert = anAlert(1, {
    watchlist: { id: uuidOf(1), name: text },
    acknowledged: { by: text, at: "2026-11-22T20:00:05.000Z" },
    state: "acknowledged",
    detection: aDetection(1, { camera: { id: uuidOf(1), name: text, area: text, heading: null } }),
  });
  const { container } = render(() => (
    <Router>
      <Route
        path="*"
        component={() => (
          <>
            <PlateChip text={text} />
            <AlertRow alert={{ ...alert, entry: { ...alert.entry, plate: text } }} />
          </>
        )}
      />
    </Router>
  ));
  expect(intruders(container)).toEqual([]);
  // Twice as a plate, and as the list, the camera and the person.
  expect((container.textContent ?? "").split(text).length - 1).toBeGreaterThanOrEqual(4);
  expect(document.title).not.toBe("stolen");
});

test("a message that quotes it stays text", () => {
  render(() => <Toasts />);
  const [text = ""] = HOSTILE;
  showToast({ text });
  expect(intruders(document.body)).toEqual([]);
  expect(document.body.textContent).toContain(text);
});
