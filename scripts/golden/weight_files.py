"""Writes weight files of real PyTorch and NumPy, and what must be read from them.

python3 scripts/golden/weight_files.py --out test/golden/weights [--seed 1] [--data ../shared/data]

`manifest.json` has for each file its format and its tensors: name, shape, dtype and the SHA-256 of the
row-major bytes. Of the real files under --data, which are not copied, it has a count and one digest.
The bytes of a file differ from run to run (old files name storages by their addresses), its tensors do not.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter, OrderedDict
from pathlib import Path

sys.dont_write_bytecode = True

import numpy  # noqa: E402
import torch  # noqa: E402
from torch.nn import Parameter  # noqa: E402

DTYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
]
ARRAYS = ["<f2", "<f4", "<f8", "<i4", "<i8", "|u1", "|b1"]
REAL = [
    "weights/ultralight_face/masked_face/pretrained/RFB-320-masked_face-v2.pth",
    "weights/ultralight_face/masked_face/pretrained/RFB-640-masked_face-v2.pth",
    "weights/ultralight_face/models/pretrained/version-RFB-320.pth",
    "weights/ultralight_face/models/pretrained/version-RFB-640.pth",
    "weights/ultralight_face/models/pretrained/version-slim-320.pth",
    "weights/ultralight_face/models/pretrained/version-slim-640.pth",
    "weights/mediapipe_objectron_ssd/ssd_mobilenetv2_oidv4_fp16_torchlayout.npz",
    "weights/mobilenetv2_imagenet/mobilenetv2_imagenet.safetensors",
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)

    files = {}
    for name, value in pickled().items():
        for suffix, options in {
            "": {},
            ".legacy": {"_use_new_zipfile_serialization": False},
            ".protocol5": {"pickle_protocol": 5},
        }.items():
            if suffix == ".protocol5" and name not in ("dtypes", "checkpoint"):
                continue
            file = f"{name}{suffix}.pth"
            torch.save(value, args.out / file, **options)
            files[file] = described("pth", args.out / file)
    for name, (save, arrays) in numpied(args.seed).items():
        save(args.out / name, **arrays)
        files[name] = described("npz", args.out / name)
    name = "dtypes.safetensors"
    save_safetensors(pickled()["dtypes"], args.out / name)
    files[name] = described("safetensors", args.out / name)

    path = args.out / "manifest.json"
    real = json.loads(path.read_text())["real"] if path.exists() else {}
    if args.data:
        real = {
            name: digest(described(Path(name).suffix[1:], args.data / name, own=False))
            for name in REAL
        }
    about = {
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "seed": args.seed,
        "files": files,
        "real": real,
    }
    path.write_text(json.dumps(about, indent=1) + "\n")


def pickled():
    """What is saved by PyTorch, by the stem of its file."""
    base = torch.randn(6, 8)
    wide = torch.arange(24, dtype=torch.int64)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(2, 3, 6, 6)).square().sum().backward()
    optimizer.step()
    marked = torch.ones(3)
    marked.note = "an attribute"
    parameter = Parameter(torch.randn(2, 2))
    parameter.note = "another"
    return {
        "dtypes": {
            str(dtype).split(".")[1]: (torch.randn(3, 5) * 50).to(dtype) for dtype in DTYPES
        },
        "views": {
            "whole": base,
            "transposed": base.t(),
            "rows": base[1:5:2],
            "columns": base[:, 1::3],
            "corner": base[2:, 3:],
            "element": base[3, 4],
            "expanded": base[0, :1].expand(7),
            "expandedRow": base[2:3, 2:6].expand(5, 4),
            "expandedColumn": base[:, :1].expand(6, 9),
            "windows": wide.unfold(0, 6, 2),
            "permuted": wide.view(2, 3, 4).permute(2, 0, 1),
            "channelsLast": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
            "halves": base.half()[:, ::2].t(),
            "bytes": torch.arange(40, dtype=torch.uint8)[5:35:3],
            "flags": (base > 0).t(),
            "doubles": base.double().flip(0).t()[::3],
            "empty": base[2:2],
        },
        "empty": OrderedDict(
            scalar=torch.tensor(2.5),
            whole=torch.tensor(7),
            none=torch.zeros(0),
            noneWide=torch.zeros(4, 0, 3, dtype=torch.float16),
        ),
        "tensor": torch.randn(4, 3),
        "expanded": torch.full((1,), 1.5).expand(5, 2),
        "nothing": {"epoch": 3, "note": "no tensor at all", "list": [1, [2.5, None]]},
        "checkpoint": {
            "state_dict": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": 12,
            "best": 0.75,
            "big": 2**100,
            "names": ["größe", "b", ("c", None, True)],
            "counts": Counter(a=3, b=1),
            "tags": {"a", "b"},
            "raw": b"\x00\xff",
            "list": [torch.ones(2), {"inner": torch.zeros(1)}, [torch.full((2,), 3.0)]],
        },
        "parallel": OrderedDict((f"module.{k}", v) for k, v in model.state_dict().items()),
        "parameters": {
            "plain": Parameter(torch.randn(3)),
            "frozen": Parameter(torch.randn(3), requires_grad=False),
            "stateful": parameter,
            "marked": marked,
            "buffer": torch.nn.Buffer(torch.randn(2)),
            "size": torch.Size([2, 3]),
            "dtype": torch.float16,
            "device": torch.device("cpu"),
            "complex": 1 + 2j,
        },
    }


def numpied(seed):
    """Archives of NumPy: how they are saved, and their arrays."""
    random = numpy.random.default_rng(seed)
    arrays = {f"a.{i}": (random.normal(size=(3, 5)) * 50).astype(d) for i, d in enumerate(ARRAYS)}
    orders = {
        "c": random.normal(size=(3, 4, 5)).astype("f4"),
        "fortran": numpy.asfortranarray(random.normal(size=(3, 4, 5)).astype("f8")),
        "fortranHalf": numpy.asfortranarray(random.normal(size=(4, 6)).astype("f2")),
        "strided": random.normal(size=(6, 6)).astype("f4")[::2, 1::2],
        "scalar": numpy.float32(1.5),
        "row": random.integers(0, 9, 7).astype("i8"),
        "none": numpy.zeros((0, 3), "f4"),
        "ones": numpy.ones((64, 64), "f4"),
        "deep": numpy.ones((1,) * 40 + (2,) + (1,) * 20, "u1"),
    }
    return {
        "dtypes.npz": (numpy.savez, arrays),
        "orders.npz": (numpy.savez, {**orders, "ones": orders["ones"][:8]}),
        "orders.compressed.npz": (numpy.savez_compressed, orders),
    }


def save_safetensors(tensors, path):
    """As main.py's files, of all dtypes: the format's own library is not needed for it."""
    codes = dict(zip(DTYPES, ["F32", "F64", "F16", "BF16", "I64", "I32", "U8", "BOOL"]))
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        blobs.append(bytes_of(tensor))
        end = offset + len(blobs[-1])
        header[name] = {
            "dtype": codes[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def described(form, path, own=True):
    """What must be read from a file: what its own library reads. Only own files may run code."""
    if form == "pth":
        found = dict(named(torch.load(path, map_location="cpu", weights_only=not own)))
    elif form == "npz":
        with numpy.load(path) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    else:
        found = read_safetensors(path)
    tensors = [
        {
            "name": name,
            "shape": list(value.shape),
            "dtype": str(value.dtype).replace("torch.", ""),
            "sha256": hashlib.sha256(bytes_of(value)).hexdigest(),
        }
        for name, value in found.items()
    ]
    return {"format": form, "tensors": tensors}


def named(value, path=()):
    if isinstance(value, torch.Tensor):
        yield ".".join(path) or "tensor", value.detach()
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from named(inner, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for i, inner in enumerate(value):
            yield from named(inner, (*path, str(i)))


def bytes_of(value):
    if isinstance(value, torch.Tensor):
        return bytes(value.contiguous().reshape(-1).view(torch.uint8).tolist())
    return numpy.ascontiguousarray(value).tobytes()


def read_safetensors(path):
    """Without the library again; what it must be is what `save_safetensors` got, or a real file."""
    blob = path.read_bytes()
    start = 8 + int.from_bytes(blob[:8], "little")
    types = {"F32": "f4", "F64": "f8", "F16": "f2", "I64": "i8", "I32": "i4", "U8": "u1", "BOOL": "?"}
    found = {}
    for name, entry in json.loads(blob[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            value = torch.frombuffer(bytearray(blob[begin:end]), dtype=torch.bfloat16)
        else:
            value = numpy.frombuffer(blob[begin:end], types[entry["dtype"]])
        found[name] = value.reshape(entry["shape"])
    return found


def digest(description):
    """One digest of all: of lines `name shape dtype sha256`, sorted."""
    lines = sorted(
        " ".join([t["name"], "x".join(map(str, t["shape"])), t["dtype"], t["sha256"]])
        for t in description["tensors"]
    )
    sha256 = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {"format": description["format"], "count": len(lines), "sha256": sha256}


if __name__ == "__main__":
    main()
