import type { Decimation, Layout } from "./layout.js";
import { timmMobileNetV2, timmMobileNetV3 } from "./timm.js";

// ImageNet backbones of the field. Their classifiers have no place in a detector, but VGG's: its
// fully connected layers, thinned out, become conv6 and conv7 (arXiv 1412.7062, section 3.1, and
// SSD, arXiv 1512.02325, section 3).

const features = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];

/** VGG16's convolutions keep their numbers. */
function vggWith(fc6: string, fc7: string): Record<string, string> {
  const body = features.map((i) => [`vgg.${i}`, `features.${i}`]);
  return { ...Object.fromEntries(body), "vgg.31": fc6, "vgg.33": fc7 };
}

/** 4096 channels become 1024, a 7x7 kernel 3x3 (dilated by 6 where it is used). */
const reducedFc: Record<string, Decimation> = {
  "vgg.31.weight": { shape: [4096, 512, 7, 7], steps: [4, 1, 3, 3] },
  "vgg.31.bias": { shape: [4096], steps: [4] },
  "vgg.33.weight": { shape: [4096, 4096, 1, 1], steps: [4, 4, 1, 1] },
  "vgg.33.bias": { shape: [4096], steps: [4] },
};

export const backboneLayouts: readonly Layout[] = [
  {
    family: "torchvision",
    backbone: "vgg",
    names: vggWith("classifier.0", "classifier.3"),
    decimate: reducedFc,
  },
  {
    family: "timm",
    backbone: "vgg",
    names: vggWith("pre_logits.fc1", "pre_logits.fc2"),
    decimate: reducedFc,
  },
  // The file that ssd.pytorch starts from: its list of layers, decimated already.
  { family: "reduced-fc", backbone: "vgg", names: { vgg: "" } },
  { family: "torchvision", backbone: "mobilenetv2", names: { features: "features" } },
  { family: "timm", backbone: "mobilenetv2", names: timmMobileNetV2() },
  { family: "torchvision", backbone: "mobilenetv3", names: { features: "features" } },
  { family: "timm", backbone: "mobilenetv3", names: timmMobileNetV3() },
  // timm's ResNets have torchvision's names.
  { family: "torchvision", backbone: "resnet", names: { resnet: "" } },
];
