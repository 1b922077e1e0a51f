import { writeTree } from "./temporary.js";
import type { ZipMember } from "./zip.js";

/** Makes a folder that looks like LibTorch to everything but the linker. */
export function fakeLibtorch(folder: string, version: string, more: Record<string, string> = {}) {
  return writeTree(folder, {
    "lib/libtorch.so": "",
    "version.py": `__version__ = '${version}'\n`,
    ...more,
  });
}

/** What PyTorch's LibTorch ZIP holds, as small as can be. */
export function libtorchZip(version = "2.13.0+cpu"): ZipMember[] {
  return [
    { name: "libtorch/lib/" },
    { name: "libtorch/lib/libtorch.so", text: "library" },
    { name: "libtorch/lib/libtorch_python.so", text: "for Python only" },
    { name: "libtorch/lib/libprotobuf.a", text: "static" },
    { name: "libtorch/include/torch/torch.h", text: "header" },
    { name: "libtorch/bin/protoc", text: "tool" },
    { name: "libtorch/build-version", text: `${version}\n` },
  ];
}

/** What a PyTorch wheel holds, likewise. */
export function torchWheel(version = "2.13.0+cpu"): ZipMember[] {
  return [
    { name: "torch/lib/libtorch.so", text: "library" },
    { name: "torch/include/torch/torch.h", text: "header" },
    { name: "torch/nn/modules.py", text: "python" },
    { name: "torch/version.py", text: `__version__ = '${version}'\ncuda = None\n` },
    { name: "torch-2.13.0+cpu.dist-info/RECORD", text: "" },
  ];
}
