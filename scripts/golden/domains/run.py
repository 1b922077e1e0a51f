"""What a domain gets, and what it gives."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    seed: int
    presets: dict = field(hash=False)  # name -> geometry, as lib/presets.ts has it
    full: bool  # everything is kept, so that nothing needs to be small


@dataclass
class Case:
    name: str
    options: dict  # for the engine's side, as JSON
    tensors: dict
