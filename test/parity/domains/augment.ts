import { loadEngine } from "../../../lib/native.js";
import type { LayerSpec } from "../../../lib/native-loader.js";
import { Tensor } from "../../../lib/tensor.js";
import { digest } from "../../support/hashed.js";
import { type RasterKind, raster } from "../../support/pictures.js";
import type { Comparison } from "../comparison.js";

/**
 * Of the range of a pixel's values, 0 to 255. Resampling and colours are a dozen roundings; a hue is
 * divided by what little colour there may be, and multiplied by it again.
 */
const limit = 1e-5;

/** What a training picture shows of a decoded one. */
export function augment(c: Comparison): void {
  const [width, height] = c.option<[number, number]>("picture");
  const picture = raster(c.option("stream"), width, height, c.option<RasterKind>("kind"));
  c.same("picture", [digest(picture.data)], c.expected("picture").data);

  const [mean, std] = [c.option<number[]>("mean"), c.option<number[]>("std")];
  const input = { size: c.option<number>("size"), mean, std };
  const { engine } = loadEngine();
  const image = engine.resample(picture, c.option<LayerSpec>("layer"), input);
  const scale = 255 / Math.min(...std);
  c.near("image", c.keep(new Tensor(image)), c.expected("image"), limit, { scale });
}
