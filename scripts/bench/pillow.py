"""SSD's augmentation of a picture in 8 bits with Pillow, up to the resize."""

from PIL import Image

from augment import draw

EVERYTHING = dict.fromkeys(["photometric", "expand", "crop", "mirror"], True)


def augmented(rng, picture, truths, mean):
    drawn = draw(rng, picture.size, truths, EVERYTHING)
    patch = cropped(distorted(picture, drawn.colour), drawn.view, mean)
    return patch.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if drawn.mirror else patch


def distorted(picture, colour):
    brightness, first = colour.brightness, colour.contrast if colour.contrast_first else 1
    last = colour.contrast / first
    if brightness != 0 or first != 1:
        picture = picture.point([round((value + brightness) * first) for value in range(256)] * 3)
    if colour.hue != 0 or colour.saturation != 1:
        h, s, v = picture.convert("HSV").split()
        turn = round(colour.hue / 360 * 256)
        h = h.point([(value + turn) % 256 for value in range(256)])
        s = s.point([round(value * colour.saturation) for value in range(256)])
        picture = Image.merge("HSV", (h, s, v)).convert("RGB")
    if last != 1:
        picture = picture.point([round(value * last) for value in range(256)] * 3)
    if colour.channels != (0, 1, 2):
        channels = picture.split()
        picture = Image.merge("RGB", [channels[source] for source in colour.channels])
    return picture


def cropped(picture, view, mean):
    left, top, width, height = view
    inside = (
        max(left, 0),
        max(top, 0),
        min(left + width, picture.width),
        min(top + height, picture.height),
    )
    part = picture.crop(inside)
    if part.size == (width, height):
        return part
    patch = Image.new("RGB", (width, height), mean)
    if inside[2] > inside[0] and inside[3] > inside[1]:
        patch.paste(part, (inside[0] - left, inside[1] - top))
    return patch
