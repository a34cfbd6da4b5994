/**
 * Gives each open review to an administrator.
 * Rule: never to the one whose looks they are, and never left with one who is an administrator no longer.
 */
import type { Sql, Transaction } from "@chaverim/db/open";

/** Held to the end of the transaction: what several processes find or assign at once is told once. */
export const lockReviews = async (transaction: Transaction): Promise<void> => {
  await transaction`select pg_advisory_xact_lock(hashtext('chaverim.reviews'))`;
};

/** More than a pass ever has to assign; the next pass takes the rest. */
const PASS = 500;

/** Tells a person that reviews wait; once, however many they are. */
const addNotice = async (transaction: Transaction, userId: string, reviewId: string): Promise<void> => {
  await transaction`insert into notices (user_id, kind, detail)
    select ${userId}, 'review', jsonb_build_object('review', ${reviewId}::text)
    where not exists (select 1 from notices where user_id = ${userId} and kind = 'review' and dismissed_at is null)`;
};

const assign = async (transaction: Transaction, review: { id: string; userId: string }): Promise<void> => {
  const [next] = await transaction<{ id: string }[]>`
    select u.id from users u where u.role = 'admin' and u.disabled_at is null and u.id <> ${review.userId}
    order by (select count(*) from reviews r where r.assigned_to = u.id and r.decided_at is null), random() limit 1`;
  await transaction`update reviews set assigned_to = ${next?.id ?? null} where id = ${review.id}`;
  if (next) await addNotice(transaction, next.id, review.id);
};

/** Assigns what is open and with nobody who can decide it, to whoever has the fewest. */
export const assignReviews = (sql: Sql): Promise<void> =>
  sql.begin(async (transaction) => {
    await lockReviews(transaction);
    const waiting = await transaction<{ id: string; userId: string }[]>`
      select r.id, r.user_id as "userId" from reviews r left join users a on a.id = r.assigned_to
      where r.decided_at is null and (a.id is null or a.role <> 'admin' or a.disabled_at is not null)
      order by r.created_at, r.id limit ${PASS}`;
    for (const review of waiting) await assign(transaction, review);
    // A notice says that reviews wait; when none does any more, it goes.
    await transaction`update notices n set dismissed_at = now() where n.kind = 'review' and n.dismissed_at is null
      and not exists (select 1 from reviews r where r.assigned_to = n.user_id and r.decided_at is null)`;
  });
