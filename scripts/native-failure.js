/**
 * Turns what a dynamic loader printed into what a person can do about it.
 * Rule: names the missing C library and, where Debian has it, the command that installs it.
 */

/** Debian and Ubuntu packages by the library they bring; the rest of what the native parts need travels with them. */
const PACKAGES = {
  "libstdc++.so.6": "libstdc++6",
  "libgcc_s.so.1": "libgcc-s1",
  "libatomic.so.1": "libatomic1",
  "libm.so.6": "libc6",
  "libc.so.6": "libc6",
  "libdl.so.2": "libc6",
  "libpthread.so.0": "libc6",
  "librt.so.1": "libc6",
};

/**
 * @param {string} output what a program that did not start printed, or why it could not be started
 * @returns {string} one sentence
 */
export const explainFailure = (output) => {
  const tooOld = /version [`'](GLIBC(?:XX)?)_([\d.]+)' not found/.exec(output);
  if (tooOld) {
    const library = tooOld[1] === "GLIBC" ? "C library (glibc)" : "C++ library (libstdc++)";
    return `the ${library} of this system is older than ${tooOld[2]}. Debian 12, Ubuntu 22.04 and newer have it.`;
  }
  // "Error loading shared library" is how musl says it; ENOENT on a file that exists means that its loader is missing.
  if (/Error loading shared library|Error relocating|ENOENT|symbol not found/.test(output)) {
    return "its loader is missing: this system has another C library than glibc (Alpine has musl). Use Debian, Ubuntu or the container image.";
  }
  const missing = /(lib[\w+.-]+\.so[\w.]*): cannot open shared object file/.exec(output)?.[1];
  if (missing) {
    const found = PACKAGES[missing];
    return found
      ? `the C library ${missing} is missing. On Debian or Ubuntu: sudo apt-get install -y ${found}`
      : `the C library ${missing} is missing. On Debian or Ubuntu, \`apt-file search ${missing}\` names the package.`;
  }
  return output.trim() || "it ended without a word.";
};
