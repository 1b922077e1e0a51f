"""Numbers that Python and TypeScript draw alike (test/support/hashed.ts): an integer hash of a
stream's name and an index, so that nothing that is drawn has to be stored."""

import torch

MASK = 0xFFFFFFFF


def stream(name):
    """FNV-1a of the name, 32 bits."""
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & MASK
    return value


def mix(x):
    """The finalizer of MurmurHash3 on int64 tensors that hold 32 bits. A product may overflow: its
    low 32 bits, the only ones that are kept, do not notice."""
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & MASK
    return x ^ (x >> 16)


def bits(name, count, start=0):
    """int64 [count] of 32 random bits each, those of the indices from `start` on."""
    index = torch.arange(start, start + count, dtype=torch.int64)
    return mix(mix(index) ^ stream(name))


def uniform(name, count, start=0):
    """float64 [count] between -1 and 1, odd multiples of 2^-24: exact in float32, never 0."""
    return ((bits(name, count, start) >> 8) * 2 + 1 - 2**24).double() / 2**24


def below(name, count, limit, start=0):
    """int64 [count] from 0 to `limit` - 1."""
    return (bits(name, count, start) * limit) >> 32


def near(name, shape, middle=0.0, spread=1.0):
    """Tensor of `middle` + `spread` * uniform, computed in float64, rounded to float32."""
    count = torch.Size(shape).numel()
    return (middle + spread * uniform(name, count)).float().reshape(shape)


def digest(values):
    """The int32 of a sequence of integers from 0 to 2^31 - 1: of their values and their places."""
    values = torch.as_tensor(values, dtype=torch.int64).flatten()
    total = mix(mix(torch.arange(len(values))) ^ values).sum().item() & MASK
    return total - 2**32 if total >= 2**31 else total
