/** Tests of the settings. */
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("with nothing set it listens on port 3000 of this machine at the speed of life", () => {
  expect(readConfig([], {})).toMatchObject({ host: "127.0.0.1", port: 3000, seed: null, speed: 1 });
});

test("HOST may not open the demo to the network", () => {
  expect(() => readConfig([], { HOST: "0.0.0.0" })).toThrow("this machine alone");
});

test("all mistakes are named at once", () => {
  const read = () => readConfig(["--seed", "x", "--speed", "0"], { HOST: "::", PORT: "70000" });
  for (const part of ["HOST", "PORT", "--seed", "--speed"]) expect(read).toThrow(part);
});

test("an option that does not exist shows the usage", () => {
  expect(() => readConfig(["--sped", "2"], {})).toThrow("--speed N");
});

test("children are given no way to real data", () => {
  const config = readConfig([], {
    PATH: "/bin",
    DATABASE_URL: "postgres://real",
    S3_ENDPOINT: "https://real",
    API_KEY: "real",
  });
  expect(config).toMatchObject({ childEnvironment: { PATH: "/bin" } });
  expect(JSON.stringify(config)).not.toContain("real");
});
