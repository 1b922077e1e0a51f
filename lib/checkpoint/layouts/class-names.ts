/** Pascal VOC's 20 classes, in the order of the field's weights (by name). */
const voc =
  "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train tvmonitor".split(
    " ",
  );

/** COCO's categories by id: 1 to 90, ten of which were never used. */
const coco90 = [
  "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,",
  "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,,backpack",
  "umbrella,,,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat",
  "baseball glove,skateboard,surfboard,tennis racket,bottle,,wine glass,cup,fork,knife,spoon,bowl",
  "banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant",
  "bed,,dining table,,,toilet,,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster",
  "sink,refrigerator,,book,clock,vase,scissors,teddy bear,hair drier,toothbrush",
]
  .join(",")
  .split(",");

/**
 * Class names for weights that hold none: VOC's for 20 classes, COCO's for 80 and 90 (ids without a
 * category are `unused 12` and so on), `class 1` and so on for any other number.
 */
export function defaultClasses(count: number): string[] {
  switch (count) {
    case voc.length:
      return voc;
    case coco90.length:
      return coco90.map((name, i) => (name === "" ? `unused ${i + 1}` : name));
    case coco90.filter((name) => name !== "").length:
      return coco90.filter((name) => name !== "");
    default:
      return Array.from({ length: count }, (_, i) => `class ${i + 1}`);
  }
}
