/**
 * The router of everything that people's screens call; its type is all that the PWA knows of this package.
 * Rule: noun router, verb procedure, each with its entry in the access table.
 */
import { alertsRouter } from "./alerts/router.ts";
import { accessLogRouter, reviewsRouter } from "./audit/router.ts";
import { authRouter } from "./auth/router.ts";
import { isSetupNeeded } from "./auth/invitations.ts";
import { collectorsRouter } from "./collectors/router.ts";
import { detectionsRouter } from "./detections/router.ts";
import { mapRouter } from "./map/router.ts";
import { usersRouter } from "./people/router.ts";
import { platesRouter, searchesRouter } from "./plates/router.ts";
import { investigationsRouter, policyRouter } from "./policy/router.ts";
import { quarantineRouter } from "./quarantine/router.ts";
import { assertAccessTable, publicProcedure, router } from "./trpc.ts";
import { VERSION } from "./version.ts";
import { watchlistsRouter } from "./watchlists/router.ts";

const systemRouter = router({
  info: publicProcedure("system.info").query(
    async ({ ctx }): Promise<{ version: string; simulated: boolean; serverTime: string; setupNeeded: boolean }> => ({
      version: VERSION,
      simulated: ctx.central.config.simulated,
      serverTime: new Date().toISOString(),
      setupNeeded: await isSetupNeeded(ctx.central),
    }),
  ),
});

export const appRouter = router({
  system: systemRouter,
  auth: authRouter,
  detections: detectionsRouter,
  plates: platesRouter,
  searches: searchesRouter,
  map: mapRouter,
  alerts: alertsRouter,
  watchlists: watchlistsRouter,
  collectors: collectorsRouter,
  quarantine: quarantineRouter,
  investigations: investigationsRouter,
  policy: policyRouter,
  users: usersRouter,
  accessLog: accessLogRouter,
  reviews: reviewsRouter,
});
assertAccessTable(appRouter._def.procedures);

export type AppRouter = typeof appRouter;
