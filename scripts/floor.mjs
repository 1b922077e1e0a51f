// The oldest system a binary runs on: the newest versions of libc and libstdc++ that its symbols name.

const libraries = { GLIBC: "glibc", GLIBCXX: "libstdc++ GLIBCXX", CXXABI: "CXXABI" };

/** @param {Buffer} binary @returns {Record<string, string>} Version by library. */
export function floors(binary) {
  const text = binary.toString("latin1");
  const found = {};
  for (const name of Object.keys(libraries)) {
    const versions = [...text.matchAll(new RegExp(`\\b${name}_(\\d+(?:\\.\\d+)+)\\0`, "g"))];
    const newest = versions
      .map(([, version]) => version)
      .sort(byNumber)
      .at(-1);
    if (newest !== undefined) found[name] = newest;
  }
  return found;
}

/** The same as words. */
export function floorOf(binary) {
  return Object.entries(floors(binary))
    .map(([name, version]) => `${libraries[name]} ${version}`)
    .join(", ");
}

function byNumber(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}
