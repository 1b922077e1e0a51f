"""Writes the reference values that test/parity compares the engine with.

npm run golden     the committed ones
npm run parity     everything, with a new seed, and a table of how far the engine is from it
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True

import torch  # noqa: E402

import store  # noqa: E402
from domains import DOMAINS, HEAVY, SHARED  # noqa: E402
from domains.run import Run  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--presets", type=Path, required=True, help="JSON: name -> preset")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="whole tensors instead of samples")
    parser.add_argument("--only", nargs="*", choices=DOMAINS, help="domains (all)")
    parser.add_argument("--light", action="store_true", help="leave out what takes minutes")
    args = parser.parse_args()
    torch.set_num_threads(1)

    presets = json.loads(args.presets.read_text())
    run = Run(args.seed, presets, args.full)
    domains = args.only or [name for name in DOMAINS if not (args.light and name in HEAVY)]
    for file, (inputs, users) in SHARED.items():
        if set(users) & set(domains):
            write(args.out, file, inputs(run), args.full)
    manifest = {}
    for domain in domains:
        start = time.monotonic()
        manifest[domain] = write(args.out, domain, DOMAINS[domain](run), args.full)
        seconds = time.monotonic() - start
        print(f"golden: {domain}: {len(manifest[domain])} cases ({seconds:.1f} s)", file=sys.stderr)
    about = {"torch": torch.__version__, "seed": args.seed, "full": args.full, "presets": presets}
    (args.out / "manifest.json").write_text(readable({**about, "cases": manifest}) + "\n")


def write(out, domain, cases, full):
    """The tensors of all cases in one file, or a file for each; returns what the manifest says."""
    tensors, listed = {}, []
    for case in cases:
        listed.append({"name": case.name, "options": case.options})
        named = {f"{case.name}/{key}": value for key, value in case.tensors.items()}
        if domain in HEAVY:
            store.save(named, out / domain / f"{case.name}.safetensors", full)
        else:
            tensors.update(named)
    if domain not in HEAVY:
        store.save(tensors, out / f"{domain}.safetensors", full)
    return listed


def readable(value, depth=3, indent="\n"):
    """JSON that is broken into lines down to a depth, so that a case is a line."""
    if depth == 0 or not value or not isinstance(value, (dict, list)):
        return json.dumps(value)
    items = value.items() if isinstance(value, dict) else enumerate(value)
    names = [f"{json.dumps(key)}: " if isinstance(value, dict) else "" for key, _ in items]
    values = value.values() if isinstance(value, dict) else value
    inner = indent + " "
    lines = [inner + name + readable(v, depth - 1, inner) for name, v in zip(names, values)]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return first + ",".join(lines) + indent + last


if __name__ == "__main__":
    main()
