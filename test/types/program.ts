// Programs as users write them, for the compiler alone: the first part must compile, every line
// after `@ts-expect-error` must not. Types come from the package's own name, as for anybody else.
import {
  averagePrecision,
  type Box,
  type CocoOptions,
  coco,
  type DataSource,
  type Detection,
  type Detections,
  Detector,
  type EpochSummary,
  type Evaluation,
  evaluate,
  type InspectedTensor,
  type Inspection,
  inspectWeights,
  type LossTerms,
  type Output,
  ops,
  type PictureOptions,
  type Preset,
  parseSource,
  presets,
  Run,
  SsdError,
  type SsdErrorCode,
  type Step,
  synthetic,
  Tensor,
  type TrainEvent,
  Trainer,
  type TrainReport,
  train,
  voc,
  type YoloOptions,
  yolo,
} from "ssd-distill";

export async function otherData(detector: Detector): Promise<Evaluation[]> {
  const moved: CocoOptions = { origin: 1 };
  const set: YoloOptions = { set: "val" };
  const picture: PictureOptions = { exif: "ignore", maxPixels: 5e7 };
  const sources: DataSource[] = [coco("images", "instances.json", moved), yolo("data.yaml", set)];
  return await Promise.all(sources.map((data) => evaluate(detector, data, { picture })));
}

export async function teachAndDistil(): Promise<TrainReport> {
  const teacher = await Detector.load("teacher.safetensors", { device: "cpu" });
  const student = Detector.create("ssd300-mobilenetv2", { classes: [...teacher.classes], seed: 1 });
  const data: DataSource = voc("VOC2007", { set: "trainval" });
  const run: Run = train(student, {
    data,
    val: voc("VOC2007", { set: "test" }),
    epochs: 60,
    distill: { teacher, temperature: 2, mu: 0.5, soft: "kl" },
    optimizer: { name: "sgd", lr: 1e-3, momentum: 0.9 },
    schedule: { name: "cosine", warmup: 2 },
    freeze: { epochs: 5 },
    ema: { decay: 0.999 },
    augment: { mirror: false },
    out: "runs/student",
    signal: AbortSignal.timeout(1000),
    onEvent: (event: TrainEvent) => {
      if (event.kind === "epoch") summary(event);
      if (event.kind === "saved") event.file.toUpperCase();
    },
  });
  for await (const step of run) {
    const total: number = step.loss.total;
    const soft: number | undefined = step.loss.soft;
    if (total > 100 || soft === undefined) break;
  }
  await student.save("student.safetensors");
  const report = await run.done;
  const maps: (number | undefined)[] = report.history.map(({ map }) => map);
  return maps.length > 0 ? report : await run.stop();
}

function summary({ epoch, loss, val }: EpochSummary): [number, LossTerms, number | undefined] {
  return [epoch, loss, val?.total];
}

export async function look(detector: Detector, pixels: Uint8Array): Promise<string[]> {
  const found: Detection[] = await detector.detect("street.jpg", { minScore: 0.5 });
  await detector.detect(pixels);
  await detector.detect({ data: pixels, width: 4, height: 3 }, { iou: 0.45, maxDetections: 10 });
  const { map, classes }: Evaluation = await evaluate(detector, parseSource("voc:here"), {
    batch: 8,
  });
  const { AP, ARl } = await evaluate(detector, parseSource("voc:here"), { protocol: "coco" });
  const [x1, y1, x2, y2]: Box = found[0]!.box;
  return [
    ...classes.map(({ name, ap }) => `${name} ${ap}`),
    String(map + AP + ARl + x1 + y1 + x2 + y2),
  ];
}

export async function inside(file: string): Promise<string[]> {
  const { format, tensors }: Inspection = await inspectWeights(file);
  const line = ({ name, shape, dtype, sha256 }: InspectedTensor) =>
    `${format} ${name} ${shape.length} ${dtype} ${sha256}`;
  return tensors.map(line);
}

export async function byHand(): Promise<Step["loss"]> {
  const preset: Preset = { ...presets["ssd128-tiny"], name: "mine" };
  using student = Detector.create(preset, { classes: ["cat"] });
  using trainer = new Trainer(student, { optimizer: { lr: 0.01 }, freeze: ["stages."], ema: {} });
  using images = Tensor.from(new Float32Array(3 * 128 * 128), [1, 3, 128, 128]);
  const output: Output = student.forward(images);
  const targets = [{ boxes: [[0.1, 0.1, 0.5, 0.5]], labels: [0] }];
  const { gradLoc, conf } = ops.multiboxLoss(output, targets, ops.priorBoxes(preset), {
    negPosRatio: 2,
  });
  const { soft, l2 } = ops.multiboxLossKd(output, output, targets, student.priors);
  const numbers: number[] = [conf, soft, l2, gradLoc.shape[0]!];
  const kept: Tensor = ops.nms([[0, 0, 1, 1]], [numbers[0]!], 0.5);
  const found: Detections[] = ops.detections(output, student.priors, { topK: 10, coderClip: null });
  numbers.push(found[0]!.scores[0]!, found[0]!.labels.length);
  const { classes } = ops.match(targets, ops.priorBoxes("ssd300-vgg16"));
  const iou = ops
    .jaccard(kept, [[0, 0, 1, 1]])
    .to("cpu", "float64")
    .toArray();
  trainer.lr = iou.length + Number(classes.item());
  const { loss } = await trainer.step({ images, targets });
  const averaged: Record<string, Tensor> = trainer.emaStateDict();
  averaged["conf.0.bias"]?.dispose();
  return loss;
}

export function failures(): SsdErrorCode | undefined {
  try {
    averagePrecision([], [], { protocol: "coco" });
    synthetic("shapes", { images: 10, seed: 1 });
  } catch (error) {
    if (error instanceof SsdError && error.code === "BAD_DATA") return error.code;
  }
  return undefined;
}

export async function wrong(detector: Detector, data: DataSource): Promise<void> {
  // @ts-expect-error an option misspelled
  train(detector, { data, epoch: 3 });
  // @ts-expect-error an option inside misspelled
  train(detector, { data, optimizer: { learningRate: 1 } });
  // @ts-expect-error a choice there is none of
  train(detector, { data, optimizer: { name: "adamax" } });
  // @ts-expect-error no data
  train(detector, { epochs: 3 });
  // @ts-expect-error a specification is not a source: parseSource makes one
  train(detector, { data: "voc:here" });
  // @ts-expect-error a teacher is a detector, not a file
  train(detector, { data, distill: { teacher: "teacher.safetensors" } });
  // @ts-expect-error a number of another type
  train(detector, { data, epochs: "3" });
  // @ts-expect-error steps have no such term
  for await (const step of train(detector, { data })) step.loss.confidence;
  // @ts-expect-error events have no such kind
  train(detector, { data, onEvent: (event) => event.kind === "stepp" });
  // @ts-expect-error a run is made by train()
  new Run();

  // @ts-expect-error no classes
  Detector.create("ssd128-tiny", {});
  // @ts-expect-error classes are names
  Detector.create("ssd128-tiny", { classes: [1, 2] });
  // @ts-expect-error a detector is created or loaded
  new Detector();
  // @ts-expect-error a picture is no number
  detector.detect(42);
  // @ts-expect-error pixels have a size
  detector.detect({ data: new Uint8Array(12) });
  // @ts-expect-error an option misspelled
  detector.detect("street.jpg", { minscore: 0.5 });
  // @ts-expect-error the classes are fixed
  detector.classes.push("dog");
  // @ts-expect-error images are tensors
  detector.forward(new Float32Array(3));
  // @ts-expect-error the twelve numbers are COCO's
  const small: number = (await evaluate(detector, data, { protocol: "voc" })).APs;
  Number(small);

  // @ts-expect-error a dtype there is none of
  Tensor.from([1, 2], [2], "float31");
  // @ts-expect-error targets have labels
  ops.match([{ boxes: [] }], detector.priors);
  // @ts-expect-error a teacher's outputs are missing
  ops.multiboxLossKd({ loc: detector.priors, conf: detector.priors }, [], detector.priors);
  // @ts-expect-error an option misspelled
  ops.match([], detector.priors, { overlapTreshold: 0.5 });
  // @ts-expect-error made-up pictures of another kind
  synthetic("faces");
  // @ts-expect-error a code there is none of
  new SsdError("BAD_LUCK", "sentence");
}
