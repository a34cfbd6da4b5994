/**
 * What the board says of itself: heat, room on the disk, and whether it holds itself back.
 * Rule: what a machine cannot tell is null, never a guess.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import type { Heartbeat } from "@chaverim/contracts";
import { codeOf } from "./failure.ts";

/** Where a Raspberry Pi says why it holds itself back: a file of newer kernels, and a program of its system. */
export type ThrottleSources = { file: string; program: string };
const RASPBERRY_PI: ThrottleSources = {
  file: "/sys/devices/platform/soc/soc:firmware/get_throttled",
  program: "/usr/bin/vcgencmd",
};
/** The mailbox answers in milliseconds, or the firmware hangs. */
const PROGRAM_TIMEOUT_MS = 2_000;
/** Bits 0 to 3 are now: too little voltage, clock capped, throttled, soft heat limit. Bits 16 to 19 are since boot. */
const THROTTLED_NOW = 0xf;

const runFile = promisify(execFile);

const readText = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) !== null) return null;
    throw error;
  }
};

/** Degrees Celsius of the board; null where it has no sensor. The kernel says thousandths. */
export const readTemperature = async (): Promise<number | null> => {
  const text = await readText("/sys/class/thermal/thermal_zone0/temp");
  return text !== null && /^-?\d+\s*$/.test(text) ? Number(text) / 1_000 : null;
};

export const readDisk = async (path: string): Promise<Heartbeat["disk"]> => {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
};

const runProgram = async (program: string): Promise<string | null> => {
  try {
    return (await runFile(program, ["get_throttled"], { timeout: PROGRAM_TIMEOUT_MS })).stdout;
  } catch (error) {
    // No right to the mailbox (a hardened service), or no answer: not known.
    if (error instanceof Error) return null;
    throw error;
  }
};

/** Makes the question whether the board throttles itself; which of the sources it has is found once. */
export const createThrottleReader = (sources: ThrottleSources = RASPBERRY_PI): (() => Promise<boolean | null>) => {
  const hasFile = existsSync(sources.file);
  const hasProgram = !hasFile && existsSync(sources.program);
  return async () => {
    const text = hasFile ? await readText(sources.file) : hasProgram ? await runProgram(sources.program) : null;
    // `50005` in the file, `throttled=0x50005` from the program; both are hexadecimal.
    const bits = /^(?:throttled=0x)?([0-9a-f]+)\s*$/i.exec(text ?? "")?.[1];
    return bits === undefined ? null : (Number.parseInt(bits, 16) & THROTTLED_NOW) !== 0;
  };
};
