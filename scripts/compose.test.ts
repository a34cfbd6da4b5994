/** Holds docker-compose.yml and the images to what central really accepts, without a container engine. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const composeText = readFileSync(join(root, "docker-compose.yml"), "utf8");
const dockerfile = readFileSync(join(root, "deploy/Dockerfile"), "utf8");

type Service = {
  image?: string;
  build?: { context: string; dockerfile: string; target: string };
  environment?: Record<string, string>;
  ports?: string[];
  networks?: string[];
  volumes?: string[];
  depends_on?: Record<string, unknown>;
  healthcheck?: { test: string[] };
};

/** What an operator puts into .env, and nothing that has a default. */
const DOT_ENV: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: "0f3c9a",
  CENTRAL_PASSWORD: "51d20b",
  S3_SECRET_KEY: "7be1d2",
  PUBLIC_URL: "https://alpr.example.org",
  TLS_CERTIFICATE: "/etc/ssl/alpr.pem",
  TLS_KEY: "/etc/ssl/alpr.key",
};

/** Fills in `${NAME}`, `${NAME:-default}`, `${NAME:?advice}` and `$$` as compose does. */
const interpolate = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (whole: string, name: string, kind: string, rest: string) => {
    if (whole === "$$") return "$";
    const value = values[name];
    if (value) return value;
    if (kind === "-") return rest;
    throw new Error(`${name}: ${rest}`);
  });

/** The file as compose sees it: parsed first, then filled in. */
const compose = (values: Readonly<Record<string, string>>) =>
  parse(composeText, (_key, value: unknown) => (typeof value === "string" ? interpolate(value, values) : value)) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
    networks: Record<string, { internal?: boolean } | null>;
  };

const { services, volumes, networks } = compose(DOT_ENV);
const service = (name: string): Service => {
  const found = services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};
const centralEnvironment = service("central").environment ?? {};

/** The names that central's configuration reads, from its schema's text: api is not imported here. */
const namesOfCentral = () => {
  const text = readFileSync(join(root, "packages/api/src/config.ts"), "utf8");
  return [...text.matchAll(/^  ([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name ?? "");
};

const checkConfig = (environment: Record<string, string>) =>
  spawnSync(process.execPath, [join(root, "packages/api/src/main.ts"), "--check-config"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...environment },
  });

test("central accepts the environment that compose gives it", () => {
  const folder = mkdtempSync(join(tmpdir(), "compose-"));
  const run = checkConfig({ ...centralEnvironment, DATA_DIR: folder });
  rmSync(folder, { recursive: true });
  expect({ status: run.status, stdout: run.stdout, stderr: run.stderr }).toEqual({
    status: 0,
    stdout: "configuration ok\n",
    stderr: "",
  });
});

test.for<[string, Record<string, string>]>([
  ["values that cannot be read", { PORT: "http", LOG_LEVEL: "loud", RETENTION_MIN_DAYS: "0" }],
  ["values that do not go together", { PUBLIC_URL: "http://alpr.example.org", S3_ENDPOINT: "" }],
])("central refuses %s and names each", ([, mistakes]) => {
  const run = checkConfig({ ...centralEnvironment, ...mistakes });
  expect(run.status).toBe(78);
  for (const name of Object.keys(mistakes)) expect(run.stderr).toContain(name);
});

test("every variable of central in compose is one that central reads, or its allocator", () => {
  const ofGlibc = ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];
  const known = [...namesOfCentral(), "NODE_ENV", ...ofGlibc];
  expect(known.length).toBeGreaterThan(10);
  expect(Object.keys(centralEnvironment).filter((name) => !known.includes(name))).toEqual([]);
});

test("what has no default is asked for in words before anything starts", () => {
  expect(() => compose({})).toThrow(/set \w+ in .env/);
  for (const name of Object.keys(DOT_ENV)) {
    expect(() => compose({ ...DOT_ENV, [name]: "" })).toThrow(new RegExp(`^${name}: set ${name} in .env`));
  }
});

test("every image is pinned to a version", () => {
  const images = Object.values(services).flatMap(({ image }) => image ?? []);
  expect(images).toHaveLength(3);
  for (const image of images) expect(image).toMatch(/:[\w.-]*\d[\w.-]*$/);
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+:\S+)/gm)) expect(image).toBe("node:24-bookworm-slim");
});

test("central works with a login of its own that owns nothing, and knows the owner's for migrating alone", () => {
  const login = (name: string) => {
    const { username, password } = new URL(centralEnvironment[name] ?? "");
    return { username, password };
  };
  expect(login("DATABASE_OWNER_URL")).toEqual({ username: "chaverim", password: DOT_ENV["POSTGRES_PASSWORD"] });
  expect(login("DATABASE_URL")).toEqual({ username: "central", password: DOT_ENV["CENTRAL_PASSWORD"] });
  const { environment, volumes: mounts } = service("postgres");
  expect(environment).toMatchObject({ POSTGRES_USER: "chaverim", CENTRAL_PASSWORD: DOT_ENV["CENTRAL_PASSWORD"] });
  expect(mounts).toContain("./deploy/postgres-logins.sh:/docker-entrypoint-initdb.d/logins.sh:ro");
  const statements = readFileSync(join(root, "deploy/postgres-logins.sh"), "utf8").match(
    /^(create|grant|alter) .*;$/gm,
  );
  expect(statements).toEqual([
    "create role chaverim_app nologin;",
    "create role central login password :'password' in role chaverim_app;",
  ]);
});

test("only the proxy can be reached from outside", () => {
  const open = Object.entries(services).filter(([, { ports }]) => ports);
  expect(open.map(([name]) => name)).toEqual(["proxy"]);
});

test("what is inside reaches what is inside alone: only the proxy is on a network with a way out", () => {
  expect(networks["inside"]).toEqual({ internal: true });
  const withWayOut = Object.entries(services).filter(([, one]) => one.networks?.join() !== "inside");
  expect(withWayOut.map(([name, one]) => [name, one.networks])).toEqual([["proxy", ["inside", "outside"]]]);
});

test("no history, no private data, no tests and nothing made for tests goes into the images", () => {
  const left = readFileSync(join(root, "deploy/Dockerfile.dockerignore"), "utf8").split("\n");
  expect(left).toEqual(
    expect.arrayContaining([".git", ".env", ".data", "**/*.test.ts", "**/testing", "**/testing.ts"]),
  );
  // What stays out is asked for by nothing that goes in.
  const shipped = globSync(["packages/{api,contracts,edge}/src/**/*.ts", "db/src/**/*.ts"], { cwd: root }).filter(
    (path) => !/\.test\.ts$|\/testing(\/|\.ts$)|global-setup/.test(path),
  );
  expect(shipped.length).toBeGreaterThan(50);
  const asking = shipped.filter((path) => /from "[^"]*\/testing[/."]/.test(readFileSync(join(root, path), "utf8")));
  expect(asking).toEqual([]);
});

test("every file, volume, service and build target that compose names is there", () => {
  const all = Object.values(services);
  const sources = all.flatMap((one) => one.volumes ?? []).map((volume) => volume.split(":")[0] ?? "");
  for (const source of sources) {
    const isThere = source.startsWith("./")
      ? existsSync(join(root, source))
      : source.startsWith("/") || source in volumes;
    expect(isThere, source).toBe(true);
  }
  for (const needed of all.flatMap(({ depends_on }) => Object.keys(depends_on ?? {})))
    expect(services).toHaveProperty(needed);
  expect(dockerfile).toContain(` AS ${service("central").build?.target}\n`);
  expect(existsSync(join(root, service("central").build?.dockerfile ?? ""))).toBe(true);
});

test("every path that the images copy or start is there", () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, paths]) => paths?.split(" ") ?? [],
  );
  const started = [...dockerfile.matchAll(/^CMD \["node", "(.+)"\]$/gm)].map(([, path]) => path ?? "");
  expect(started).toEqual(["packages/api/src/main.ts", "packages/edge/src/main.ts"]);
  expect([...copied, ...started].filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("central's health check passes when it is well, and fails when it is ill or not there", async () => {
  const [kind, command, ...args] = service("central").healthcheck?.test ?? [];
  expect([kind, command]).toEqual(["CMD", "node"]);
  let status = 200;
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = String((server.address() as AddressInfo).port);
  const check = () =>
    new Promise<number | null>((resolve) => {
      spawn(process.execPath, args, { env: { PORT: port } }).on("close", resolve);
    });
  const well = await check();
  status = 503;
  const ill = await check();
  await new Promise((resolve) => server.close(resolve));
  const gone = await check();
  expect({ well, ill, gone, asked }).toEqual({ well: 0, ill: 1, gone: 1, asked: ["/healthz", "/healthz"] });
});
