/**
 * Where browsers fetch the map's ground from, for the content security policy.
 * Rule: the one host of the configuration and no other; a path of this server's own needs no exception.
 */
import type { MapSource } from "@chaverim/contracts";

/** The foreign origin of a source of this kind, as the policy writes it; `{s}.tiles.example.org` is any host below. */
export const foreignOrigin = (source: MapSource, kind: "pmtiles" | "xyz"): string[] => {
  if (source.kind !== kind || source.url.startsWith("/")) return [];
  const { protocol, host } = new URL(source.url.replace("{s}", "any-subdomain"));
  return [`${protocol}//${host.replace("any-subdomain", "*")}`];
};
