"""SSD on VGG (arXiv 1512.02325, section 3.1), named as in ssd.pytorch: `vgg.{index}`, `L2Norm`,
`extras.{0..7}`, `loc.{0..5}`, `conf.{0..5}`."""

from torch import nn

from models.detector import Detector
from models.parts import L2Norm, plain_extra_maps, plain_extras, plain_head

VGG16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "C", 512, 512, 512, "M", 512, 512, 512]
VGG13 = [64, 64, "M", 128, 128, "M", 256, 256, "C", 512, 512, "M", 512, 512]


class VggSsd(Detector):
    def __init__(self, layers, grid, classes):
        super().__init__(grid, classes)
        modules, width = [], 3
        for layer in layers:
            if isinstance(layer, int):
                modules += [nn.Conv2d(width, layer, 3, padding=1), nn.ReLU()]
                width = layer
            else:
                modules.append(nn.MaxPool2d(2, 2, ceil_mode=layer == "C"))
        # The last 2x2 pool ends the stretch of stride 8: its input is the first source.
        self.stride8 = max(i for i, m in enumerate(modules) if isinstance(m, nn.MaxPool2d))
        modules += [
            nn.MaxPool2d(3, 1, 1),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.ReLU(),
            nn.Conv2d(1024, 1024, 1),
            nn.ReLU(),
        ]
        self.vgg = nn.ModuleList(modules)
        self.L2Norm = L2Norm(512)
        self.extras, self.relu = plain_extras(1024), nn.ReLU()
        self.add_heads([512, 1024, 512, 256, 256, 256], plain_head)

    def sources(self, x):
        for i, module in enumerate(self.vgg):
            if i == self.stride8:
                early = self.L2Norm(x)
            x = module(x)
        return [early, x, *plain_extra_maps(self.extras, self.relu, x)]
