/**
 * Hands a text that central made to the person as a file.
 * Rule: nothing is kept; the object behind the address is given up once the browser has it.
 */

/** Long enough for a browser to begin the download. */
const GIVEN_UP_AFTER_MS = 10_000;

export const offerFile = (file: { filename: string; mime: string; text: string }): void => {
  const address = URL.createObjectURL(new Blob([file.text], { type: file.mime }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = file.filename;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), GIVEN_UP_AFTER_MS);
};
