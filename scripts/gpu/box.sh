#!/usr/bin/env bash
# On the machine with a GPU: unpacks what pack.mjs packed and runs the steps of box.mjs (README.md).
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ ! -x build/gpu/kit/bin/node ] || [ build/gpu/kit.tar.xz -nt build/gpu/kit/bin/node ]; then
  mkdir -p build/gpu/kit/bin
  # By Python, which is there; xz may not be.
  python3 - <<'PYTHON'
import tarfile
with tarfile.open("build/gpu/kit.tar.xz", "r:xz") as kit:
    kit.extractall(".", filter="fully_trusted") if hasattr(tarfile, "fully_trusted_filter") else kit.extractall(".")
PYTHON
  mv package/bin/node build/gpu/kit/bin/node
  touch build/gpu/kit/bin/node
  rm -r package
fi
export PATH="$PWD/build/gpu/kit/bin:$PATH"
exec node scripts/gpu/box.mjs "$@"
