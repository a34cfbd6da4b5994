/** The shell around the screens. */
import type { Me } from "@chaverim/contracts";
import { fireEvent, render, screen, waitFor } from "@solidjs/testing-library";
import { expect, test, vi } from "vitest";
import { App } from "./app.tsx";
import { uuidOf } from "./builders.ts";
import { following, openSession } from "./session.ts";
import { setLanguage } from "./settings.ts";
import { says, standIn } from "./stand-in.ts";

// The live channel is none of what is tested here: one that never opens.
vi.hoisted(() => {
  globalThis.WebSocket = class extends EventTarget {
    readyState = 0;
    send(): void {}
    close(): void {}
  } as unknown as typeof WebSocket;
});

const central = standIn();
const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
const me: Me = {
  user: { id: uuidOf(7), email: "dov@example.org", name: "Dov", role: "operator", area: null, trainedOn: "2026-01-01" },
  deviceId: uuidOf(8),
  expiresAt: inHours(12),
  idleExpiresAt: inHours(0.5),
  stepUpUntil: null,
  investigation: null,
  trainedUntil: inHours(24).slice(0, 10),
  looksLeft: null,
  recoveryCodesLeft: 10,
  notices: [],
  reviewsWaiting: 0,
};

const openShell = async (): Promise<void> => {
  setLanguage("en");
  central.on("auth.me", () => says(me));
  await openSession();
  await following().learn(me);
  history.replaceState(null, "", "/alerts#plate=128567");
  render(() => <App />);
};

test("the link past the navigation leads to the screen, and leaves the address as it is", async () => {
  await openShell();
  fireEvent.click(await screen.findByRole("link", { name: "Skip to content" }));
  await waitFor(() => expect(document.activeElement?.id).toBe("main"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(location.hash).toBe("#plate=128567");
});

test("the place of / leads to the search with a Hebrew layout, and with Shift it is another character", async () => {
  await openShell();
  await screen.findByRole("link", { name: "Skip to content" });
  const box = document.createElement("input");
  box.dataset["search"] = "";
  document.body.prepend(box);
  fireEvent.keyDown(document.body, { key: "?", code: "Slash", shiftKey: true });
  expect(document.activeElement).not.toBe(box);
  fireEvent.keyDown(document.body, { key: ".", code: "Slash" });
  expect(document.activeElement).toBe(box);
  box.remove();
});
