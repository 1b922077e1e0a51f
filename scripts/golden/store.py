"""Writes a safetensors file with torch alone: header length, header as JSON, raw bytes."""

import ctypes
import json
import struct
from dataclasses import dataclass

import torch

from hashed import below

DTYPES = {
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int32: "I32",
}


@dataclass
class Big:
    """A tensor too big to commit: float32, and unless everything is wanted a sample of its elements."""

    tensor: torch.Tensor
    count: int = 48


def sample(key, big):
    """`KEY@64x3x3x3`: the largest magnitude, then the elements at hashed places (test/support/golden.ts
    takes the same ones)."""
    flat = big.tensor.detach().flatten()
    if len(flat) <= big.count:
        return key, big.tensor.detach().float()
    places = below(key, big.count, len(flat))
    values = torch.cat([flat.abs().max().reshape(1), flat[places]]).float()
    return f"{key}@{'x'.join(map(str, big.tensor.shape))}", values


def save(tensors, path, full):
    header, blobs, offset = {}, [], 0
    for key, tensor in sorted(tensors.items()):
        if isinstance(tensor, Big):
            key, tensor = (key, tensor.tensor.float()) if full else sample(key, tensor)
        tensor = tensor.detach().contiguous()
        size = tensor.numel() * tensor.element_size()
        header[key] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + size],
        }
        blobs.append(ctypes.string_at(tensor.data_ptr(), size) if size > 0 else b"")
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)
