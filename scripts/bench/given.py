"""What the peers of kernels and steps are given, and how they are timed."""

import json
import sys
import time
from pathlib import Path

import torch

TYPES = {"F32": torch.float32, "F64": torch.float64, "I32": torch.int32, "I64": torch.int64}


def read_tensors(file):
    """The tensors of a safetensors file by name: u64 length, JSON header, bytes."""
    data = bytearray(Path(file).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, about in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        first, end = about["data_offsets"]
        dtype = TYPES[about["dtype"]]
        count = (end - first) // dtype.itemsize
        flat = torch.frombuffer(data, dtype=dtype, count=count, offset=start + first)
        tensors[name] = flat.reshape(about["shape"])
    return tensors


def truths_of(setup):
    """For each picture boxes [G, 4] in corners and 0-based labels [G], where the work is done."""
    return [
        (torch.tensor(boxes, device=setup["device"]), torch.tensor(labels, device=setup["device"]))
        for boxes, labels in setup["truths"]
    ]


def begin(setup):
    """As many threads as ours, the same numbers each time; versions for the result."""
    torch.set_num_threads(setup["threads"])
    torch.manual_seed(0)
    versions = {"torch": torch.__version__, "python": sys.version.split()[0]}
    if setup["device"].startswith("cuda"):
        torch.backends.cudnn.benchmark = True
        versions["gpu"] = torch.cuda.get_device_name(setup["device"])
    return versions


def timed(work, setup):
    """A contender: does `work` until the time is over, `burst` times before it waits for the device."""

    def measure(seconds):
        done, start, taken = 0, time.perf_counter(), 0.0
        while done == 0 or taken < seconds:
            for _ in range(setup["burst"]):
                work()
            if setup["device"].startswith("cuda"):
                torch.cuda.synchronize()
            done, taken = done + setup["burst"], time.perf_counter() - start
        return done, taken

    return measure


def compiled(function, try_it):
    """torch.compile of a function once it has worked, else a sentence on why not."""
    fast = torch.compile(function)
    try:
        try_it(fast)
    except Exception as error:  # noqa: BLE001  whatever the compiler stumbles on
        first = str(error).strip().splitlines() or [type(error).__name__]
        return None, f"torch.compile: {first[0]}"
    return fast, None
