/**
 * Runs the same work over many items, so many at a time.
 * Rule: nothing is still running when it settles, so what failed can be cleaned up at once.
 */

/**
 * Maps `items` with at most `limit` calls of `work` under way; after a failure no further item is begun.
 * @returns the results in the order of the items
 * @throws the first failure, after the calls that were under way have ended
 */
export const mapBounded = async <T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
};
