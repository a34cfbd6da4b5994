/**
 * Opens the evidence store that the configuration names.
 * Rule: the S3 client is loaded only by an installation that uses it.
 */
import { openFilesystemStore, type FilesystemStoreOptions } from "./filesystem.ts";
import type { S3StoreOptions } from "./s3.ts";
import type { EvidenceStore } from "./store.ts";

/** Opens one of the two stores; the errors are theirs. */
export const openEvidenceStore = async (
  options: ({ store: "filesystem" } & FilesystemStoreOptions) | ({ store: "s3" } & S3StoreOptions),
): Promise<EvidenceStore> => {
  switch (options.store) {
    case "filesystem":
      return openFilesystemStore(options);
    case "s3": {
      const { openS3Store } = await import("./s3.ts");
      return openS3Store(options);
    }
  }
};
