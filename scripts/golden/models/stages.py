"""The small detectors: stages that halve the map, then refine it; sources from stride 8 on."""

from torch import nn

from models.detector import Detector
from models.parts import chain, conv_norm, plain_head


class StagesSsd(Detector):
    def __init__(self, channels, depth, grid, classes):
        super().__init__(grid, classes)
        self.stages, width = nn.ModuleList(), 3
        for out in channels:
            halve = conv_norm(width, out, 3, 2, activation=nn.ReLU)
            refine = [conv_norm(out, out, 3, activation=nn.ReLU) for _ in range(depth)]
            self.stages.append(nn.Sequential(halve, *refine))
            width = out
        self.add_heads(channels[2:], plain_head)

    def sources(self, x):
        return chain(self.stages, x)[2:]
