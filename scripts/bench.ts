/**
 * Benchmarks: `npm run -s bench -- NAME [--option value] [--json]`.
 * Rule: each seeds its own data, runs on the embedded default unless DATABASE_URL is set (search always does), and cleans up after
 * itself.
 */
import { parseArgs } from "node:util";
import { benchAccess } from "./bench/access.ts";
import { benchEdge } from "./bench/edge.ts";
import { benchIngest } from "./bench/ingest.ts";
import { type Report, createReport } from "./bench/report.ts";
import { benchSearch } from "./bench/search.ts";

const BENCHES: Record<string, (report: Report, options: Map<string, number>) => Promise<void>> = {
  access: benchAccess,
  /** --rows N of backlog (default 20000), --seconds N of cameras (default 60). */
  edge: benchEdge,
  /** --batches N (default 100). */
  ingest: benchIngest,
  /** --rows N (default 1,000,000), --seed N, --peer 0 to leave the comparison out. */
  search: benchSearch,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    batches: { type: "string" },
    rows: { type: "string" },
    seed: { type: "string" },
    peer: { type: "string" },
    seconds: { type: "string" },
  },
});
const name = positionals[0] ?? "";
const bench = BENCHES[name];
if (!bench) {
  process.stderr.write(
    `There is no bench called ${name || "(nothing)"}. There are: ${Object.keys(BENCHES).join(", ")}.\n`,
  );
  process.exit(2);
}
const options = new Map(
  Object.entries(values).flatMap(([key, value]) => (typeof value === "string" ? [[key, Number(value)] as const] : [])),
);
await bench(createReport(name, values.json === true), options);
