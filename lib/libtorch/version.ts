/** The LibTorch this package is built for and installs: the one place that names a version. */
export const pinnedVersion = "2.13.0";

/**
 * PyTorch's own archive of a version: headers and libraries, no Python.
 *
 * @param cuda CUDA's version, `13.0`; without it the archive is for the CPU.
 */
export function archiveOf(version: string, cuda?: string): string {
  const kind = kindOf(cuda);
  return `https://download.pytorch.org/libtorch/${kind}/libtorch-shared-with-deps-${version}%2B${kind}.zip`;
}

/** What PyTorch calls a build for a CUDA version, `cu130`, or for none, `cpu`. */
export function kindOf(cuda: string | undefined): string {
  return cuda === undefined ? "cpu" : `cu${cuda.replace(".", "")}`;
}

/** The index of PyTorch's CPU wheels; the one on PyPI is a CUDA build. */
export const wheelIndex = "https://download.pytorch.org/whl/cpu";

/** Known sha256 of archives by file name. */
export const checksums: Readonly<Record<string, string>> = {
  "libtorch-shared-with-deps-2.13.0+cpu.zip":
    "edbf4cbed78433d803e90a65f1752e57783d164bce66c95c0872b2ab8f5c159e",
  "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl":
    "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
};

/** `major.minor` of a version: what an engine is built for, as C++ has no promise beyond it. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
