// The public surface, and nothing else.

export type { LoadReport } from "./checkpoint/init.js";
export { type InspectedTensor, type Inspection, inspectWeights } from "./checkpoint/inspect.js";
export { type CheckOptions, checkDataset, type DataCheck } from "./data/check.js";
export { type CocoOptions, coco } from "./data/coco.js";
export type {
  Box,
  DataSource,
  Dataset,
  Item,
  Problem,
  ReadOptions,
  Truth,
} from "./data/dataset.js";
export type { PackEvent } from "./data/pack-events.js";
export type { PictureOptions } from "./data/picture-options.js";
export { parseSource } from "./data/sources.js";
export { synthetic } from "./data/synthetic.js";
export { voc } from "./data/voc.js";
export { type YoloOptions, yolo } from "./data/yolo.js";
export {
  type CreateOptions,
  type Detection,
  Detector,
  type LoadOptions,
  type SaveOptions,
} from "./detector.js";
export { SsdError, type SsdErrorCode } from "./errors.js";
export { averagePrecision } from "./evaluate/average-precision.js";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate/evaluate.js";
export { type Exported, type ExportOptions, exportDetector } from "./export/export.js";
export {
  type Detections,
  type MultiBoxKdLosses,
  type MultiBoxLosses,
  type Output,
  ops,
  type Target,
} from "./ops.js";
export type { DetectionsOptions, DetectOptions, LossOptions } from "./options.js";
export { type Preset, type PresetName, presets } from "./presets.js";
export { drawSamples, type SampleOptions, type Samples } from "./report/samples.js";
export { contactSheet, type SheetBox, type SheetCell, type SheetOptions } from "./report/sheet.js";
export { Tensor, type TensorData } from "./tensor.js";
export type { EpochSummary, LossTerms, Step, TrainEvent, TrainReport } from "./train/events.js";
export { Run, type TrainOptions, train } from "./train/run.js";
export {
  Trainer,
  type TrainerBatch,
  type TrainerOptions,
  type TrainerStep,
} from "./train/trainer.js";
