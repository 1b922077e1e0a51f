"""Training batches as a PyTorch user makes them, from pictures that are decoded already: the peer of the
row `loader`. The same augmentation by torchvision's transforms, and by Pillow and NumPy."""

import random
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent / "golden"))

import numpy as np  # noqa: E402

from serve import serve  # noqa: E402


class Pictures:
    """Views into the pack's file and truths in corners, in an order without end."""

    def __init__(self, setup):
        pack = np.memmap(setup["file"], np.uint8, "r")
        self.pictures = [
            pack[offset : offset + width * height * 3].reshape(height, width, 3)
            for offset, (width, height) in zip(setup["offsets"], setup["sizes"])
        ]
        self.truths = [np.array(boxes, np.float32).reshape(-1, 4) for boxes in setup["boxes"]]
        self.order = random.Random(0)

    def __iter__(self):
        while True:
            for i in self.order.sample(range(len(self.pictures)), len(self.pictures)):
                yield self.pictures[i], self.truths[i]


def measured(pictures, batch, make, stack):
    """A contender: `make` a training picture of each, `stack` as many as a batch has."""
    stream = iter(pictures)

    def measure(seconds):
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            stack([make(*next(stream)) for _ in range(batch)])
            done += batch
        return done, time.perf_counter() - start

    return measure


def prepare(setup):
    versions, contenders, missing = {"numpy": np.__version__}, {}, []
    for add in (add_torchvision, add_pillow):
        try:
            add(setup, versions, contenders)
        except (ImportError, SystemExit) as error:
            missing.append(str(error))
    return versions, contenders, missing


def add_torchvision(setup, versions, contenders):
    import torch
    import torchvision_import  # noqa: F401
    import torchvision
    from torchvision import tv_tensors
    from torchvision.transforms import v2

    torch.set_num_threads(setup["threads"])
    torch.manual_seed(0)
    mean, std, side = setup["mean"], setup["std"], setup["size"]
    recipe = v2.Compose(
        [
            v2.RandomPhotometricDistort(),
            v2.RandomZoomOut(fill={tv_tensors.Image: mean}),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(),
            v2.Resize((side, side), antialias=False),
            v2.ToDtype(torch.float32),
            v2.Normalize(mean, std),
            v2.SanitizeBoundingBoxes(),
        ]
    )

    def make(picture, boxes):
        # torch wants to own what it may write to.
        image = tv_tensors.Image(torch.from_numpy(picture.copy()).permute(2, 0, 1))
        corners = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=image.shape[1:])
        labels = torch.zeros(len(boxes), dtype=torch.int64)
        return recipe({"image": image, "boxes": corners, "labels": labels})

    def stack(samples):
        return torch.stack([sample["image"] for sample in samples])

    versions |= {"torch": torch.__version__, "torchvision": torchvision.__version__}
    name = f"torchvision {torchvision.__version__} transforms.v2"
    contenders[name] = measured(Pictures(setup), setup["batch"], make, stack)


def add_pillow(setup, versions, contenders):
    import PIL
    from PIL import Image

    from pillow import augmented

    rng = random.Random(0)
    mean, std = (np.array(setup[key], np.float32) for key in ("mean", "std"))

    def make(picture, boxes):
        patch = augmented(rng, Image.fromarray(picture), boxes.tolist(), tuple(setup["mean"]))
        resized = patch.resize((setup["size"],) * 2, Image.Resampling.BILINEAR)
        return ((np.asarray(resized, np.float32) - mean) / std).transpose(2, 0, 1)

    versions["pillow"] = PIL.__version__
    name = f"Pillow {PIL.__version__} and NumPy {np.__version__}"
    contenders[name] = measured(Pictures(setup), setup["batch"], make, np.stack)


if __name__ == "__main__":
    serve(prepare)
