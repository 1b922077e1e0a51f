"""SSD on a ResNet (arXiv 1512.03385) up to its stride 16, over the grid of SSD300: layer 2 under
L2Norm, layer 3, SSD's extra convolutions. Names as torchvision's, under `resnet.`."""

from torch import nn

from models.detector import Detector
from models.parts import L2Norm, plain_extra_maps, plain_extras, plain_head

BLOCKS = [3, 4, 6]  # of layers 1 to 3, in both depths


class Block(nn.Module):
    """What adds to the shortcut ends without an activation; the sum gets it."""

    def __init__(self, width, out, stride):
        super().__init__()
        self.relu = nn.ReLU()
        self.downsample = None
        if stride > 1 or width != out:
            conv = nn.Conv2d(width, out, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(out))

    def forward(self, x):
        added = self.added(x)
        return self.relu(added + (x if self.downsample is None else self.downsample(x)))


class Basic(Block):
    WIDER = 1

    def __init__(self, width, inner, stride):
        super().__init__(width, inner, stride)
        self.conv1 = nn.Conv2d(width, inner, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)

    def added(self, x):
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))


class Bottleneck(Block):
    """The 3x3 convolution has the stride: torchvision's, not the paper's."""

    WIDER = 4

    def __init__(self, width, inner, stride):
        super().__init__(width, 4 * inner, stride)
        self.conv1 = nn.Conv2d(width, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * inner, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * inner)

    def added(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(self.relu(self.bn2(self.conv2(x)))))


class ResNet(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu, self.maxpool, width = nn.ReLU(), nn.MaxPool2d(3, 2, 1), 64
        layers = []
        for i, count in enumerate(BLOCKS):
            blocks = []
            for k in range(count):
                blocks.append(block(width, 64 * 2**i, 2 if i > 0 and k == 0 else 1))
                width = 64 * 2**i * block.WIDER
            layers.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3 = layers


class ResNetSsd(Detector):
    def __init__(self, block, grid, classes):
        super().__init__(grid, classes)
        early, late = 128 * block.WIDER, 256 * block.WIDER
        self.resnet = ResNet(block)
        self.L2Norm = L2Norm(early)
        self.extras, self.relu = plain_extras(late), nn.ReLU()
        self.add_heads([early, late, 512, 256, 256, 256], plain_head)

    def sources(self, x):
        net = self.resnet
        early = net.layer2(net.layer1(net.maxpool(net.relu(net.bn1(net.conv1(x))))))
        late = net.layer3(early)
        return [self.L2Norm(early), late, *plain_extra_maps(self.extras, self.relu, late)]
