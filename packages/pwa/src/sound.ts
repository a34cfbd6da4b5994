/**
 * The sound of alerts: which tone is due when, and playing it.
 * Rule: armed by a press (browsers demand it), its state always visible, and vibration mirrors it.
 */
import type { AlertView } from "@chaverim/contracts";
import { createSignal } from "solid-js";

/** Priority 1 sounds again when nobody answered for this long. */
const REPEAT_AFTER_MS = 20_000;
/** From here on a priority 1 sounds until it is acknowledged. */
const LOOP_AFTER_MS = 180_000;
/** The pause of the loop: long enough to speak on the radio in between. */
const LOOP_EVERY_MS = 3000;

export type Tone = "rising" | "single" | "failure";
export type Rung = { firstMs: number; lastMs: number; times: number };

/**
 * Which tone is due now; notes in `rung` what was rung for.
 * @param rung by alert id; entries of alerts that are no longer new are dropped
 */
export const dueTone = (alerts: readonly AlertView[], rung: Map<string, Rung>, nowMs: number): Tone | null => {
  let due: Tone | null = null;
  const open = new Set<string>();
  for (const alert of alerts) {
    if (alert.state !== "new" || alert.late || alert.priority === 3) continue;
    open.add(alert.id);
    const before = rung.get(alert.id);
    if (before === undefined) {
      rung.set(alert.id, { firstMs: nowMs, lastMs: nowMs, times: 1 });
      due = alert.priority === 1 ? "rising" : (due ?? "single");
      continue;
    }
    if (alert.priority !== 1) continue;
    const waitedMs = nowMs - before.firstMs;
    const isRepeat = before.times === 1 && waitedMs >= REPEAT_AFTER_MS;
    const isLoop = waitedMs >= LOOP_AFTER_MS && nowMs - before.lastMs >= LOOP_EVERY_MS;
    if (isRepeat || isLoop) {
      rung.set(alert.id, { firstMs: before.firstMs, lastMs: nowMs, times: before.times + 1 });
      due = "rising";
    }
  }
  for (const id of rung.keys()) if (!open.has(id)) rung.delete(id);
  return due;
};

/** Hertz and seconds of each note: two rising in 0.4 s, one, and one low. */
const NOTES: Readonly<Record<Tone, readonly { hertz: number; seconds: number }[]>> = {
  rising: [
    { hertz: 660, seconds: 0.2 },
    { hertz: 990, seconds: 0.2 },
  ],
  single: [{ hertz: 660, seconds: 0.25 }],
  failure: [{ hertz: 196, seconds: 0.4 }],
};
/** Loud enough beside a radio, below the level at which small speakers distort. */
const VOLUME = 0.35;
/** Ramps of 15 ms keep notes from clicking. */
const RAMP_SECONDS = 0.015;

const [armed, setArmed] = createSignal(false);
export { armed };
let context: AudioContext | undefined;

/** Plays a tone when sound is armed. */
export const play = (tone: Tone): void => {
  if (context === undefined || !armed()) return;
  let start = context.currentTime;
  for (const { hertz, seconds } of NOTES[tone]) {
    const oscillator = new OscillatorNode(context, { type: "triangle", frequency: hertz });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + RAMP_SECONDS);
    gain.gain.setValueAtTime(VOLUME, start + seconds - RAMP_SECONDS);
    gain.gain.linearRampToValueAtTime(0, start + seconds);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + seconds);
    start += seconds;
  }
  if (tone !== "failure" && "vibrate" in navigator) navigator.vibrate(tone === "rising" ? [200, 80, 200] : [200]);
};

/** Turns sound on, inside a press, and lets the tone be heard once; or off. */
export const toggleSound = async (): Promise<void> => {
  if (armed()) {
    setArmed(false);
    return;
  }
  context ??= new AudioContext();
  await context.resume();
  setArmed(true);
  play("single");
};
