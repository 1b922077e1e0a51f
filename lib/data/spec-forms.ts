/** The forms of a specification of data, by scheme; a module of its own, so that `--help` loads no reader. */
export const forms = {
  voc: "voc:DIR[:SET]",
  coco: "coco:IMAGES,JSON[?origin=1]",
  yolo: "yolo:FILE.yaml[:SET]",
  synthetic: "synthetic:shapes[?images=200&seed=1&size=160&set=train]",
} as const;

/** All of them, for messages and help. */
export const specForms = Object.values(forms).join(", ");
