/**
 * The questions of a search as comparable open systems ask them: one table of readings, everything computed over all rows.
 * Rule: the shape of their statements (a count for the pager, then grouped rows, then the page), in our own words.
 */
import type { Sql } from "@chaverim/db/open";

const PAGE = 25;

const page = async (sql: Sql, where: ReturnType<Sql>): Promise<string[]> => {
  await sql`select count(distinct r.id) from peer_reads r left join peer_tags t on t.plate_number = r.plate_number where ${where}`;
  const rows = await sql<{ plate: string }[]>`
    select r.plate_number as plate, r.camera_name, r.image_data, r.timestamp, array_agg(distinct t.name) as tags
    from peer_reads r left join peer_tags t on t.plate_number = r.plate_number where ${where}
    group by r.id, r.plate_number, r.timestamp, r.camera_name, r.image_data
    order by r.timestamp desc limit ${PAGE}`;
  return rows.map(({ plate }) => plate);
};

/** The newest readings. */
export const peerLiveFeed = (sql: Sql): Promise<string[]> => page(sql, sql`true`);

/** A piece of a plate, anywhere. */
export const peerSubstring = (sql: Sql, text: string): Promise<string[]> =>
  page(sql, sql`r.plate_number ilike ${`%${text}%`}`);

/** Everything within two edits, or a quarter of the plate. */
export const peerFuzzy = (sql: Sql, text: string): Promise<string[]> =>
  page(
    sql,
    sql`(r.plate_number ilike ${`%${text}%`}
      or levenshtein(replace(upper(r.plate_number), ' ', ''), ${text}) <= greatest(2, ceil(length(${text}) * 0.25)))`,
  );
