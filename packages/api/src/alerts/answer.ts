/**
 * Answering an alert: who took it, and how it ended.
 * Rule: the first acknowledgement owns it; every change takes its number under one lock, so commit order is number order.
 */
import type { AlertOutcome } from "@chaverim/contracts";
import type { Sql, Transaction } from "@chaverim/db/open";
import { type Looker, alertInReach, reachOf } from "../detections/reach.ts";
import { announceAlerts } from "../notify/live.ts";

/** Held to the end of the transaction: readers that resume by change number never skip one that commits later. */
export const lockAlertChanges = async (transaction: Transaction): Promise<void> => {
  await transaction`select pg_advisory_xact_lock(hashtext('chaverim.alert-changes'))`;
};

type Answerer = Looker & { id: string };

/** Takes a new alert in reach; one that somebody took already stays theirs. */
export const acknowledgeAlert = (sql: Sql, id: string, by: Answerer): Promise<void> =>
  sql.begin(async (transaction) => {
    await lockAlertChanges(transaction);
    await transaction`update alerts a set state = 'acknowledged', acknowledged_at = now(), acknowledged_by = ${by.id},
      change = nextval('alert_changes')
      where id = ${id} and state = 'new' and ${alertInReach(transaction, reachOf(by))}`;
    await announceAlerts(transaction);
  });

/** Ends an alert in reach with its outcome; a later answer corrects an earlier one. */
export const resolveAlert = (sql: Sql, id: string, by: Answerer, outcome: AlertOutcome): Promise<void> =>
  sql.begin(async (transaction) => {
    await lockAlertChanges(transaction);
    await transaction`update alerts a set state = 'resolved', resolved_at = now(), resolved_by = ${by.id}, outcome = ${outcome},
      acknowledged_at = coalesce(acknowledged_at, now()), acknowledged_by = coalesce(acknowledged_by, ${by.id}),
      change = nextval('alert_changes')
      where id = ${id} and (state <> 'resolved' or outcome <> ${outcome}) and ${alertInReach(transaction, reachOf(by))}`;
    await announceAlerts(transaction);
  });
