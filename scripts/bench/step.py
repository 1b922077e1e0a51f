"""A training step: the peers of the rows `step` and `step-kd`. The architectures are those of
scripts/golden/models, matching and losses are batched, the optimizer is PyTorch's fused AdamW."""

import sys
import time
from copy import deepcopy
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent / "golden"))

import torch  # noqa: E402

from given import begin, compiled, read_tensors, timed, truths_of  # noqa: E402
from models import build  # noqa: E402
from plain_loss import losses  # noqa: E402
from plain_match import match_batch, padded  # noqa: E402
from serve import serve  # noqa: E402

LAYOUTS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}


class Training:
    """A student that is trained, in one of PyTorch's settings."""

    def __init__(self, setup, precision, layout):
        self.name = f"{precision} {layout}"
        self.setup, self.device = setup, setup["device"]
        self.type = torch.bfloat16 if precision == "bf16" else None
        self.format = LAYOUTS[layout]
        given = read_tensors(setup["file"])
        self.images = self.placed(given["images"])
        self.priors = given["priors"].to(self.device)
        self.truths = truths_of(setup)
        self.student = self.placed(detector(setup["student"])).train()
        self.teacher = None
        if setup["teacher"] is not None:
            self.teacher = self.placed(detector(setup["teacher"])).eval().requires_grad_(False)
        self.optimizer = adamw(self.student, setup["optimizer"])

    def placed(self, what):
        return what.to(self.device, memory_format=self.format)

    def terms(self, student, teacher):
        device, options = self.device.split(":")[0], self.setup["loss"]
        with torch.autocast(device, self.type, enabled=self.type is not None):
            outputs = student(self.images)
            taught = None
            if teacher is not None:
                with torch.no_grad():
                    taught = [output.float() for output in teacher(self.for_teacher())]
        rules = (options["overlapThreshold"], options["variances"])
        matched = match_batch(*padded(self.truths), self.priors, *rules)
        return losses(*(output.float() for output in outputs), taught, *matched, options)

    def for_teacher(self):
        scale = self.setup["teacherInput"]
        if scale is None:
            return self.images
        wide = {key: self.images.new_tensor(scale[key]).view(1, 3, 1, 1) for key in scale}
        return self.images * wide["scale"] + wide["shift"]

    def step(self, student=None, teacher=None):
        self.optimizer.zero_grad(set_to_none=True)
        # Not by their truth: a compiled module has a length, which it asks its original for.
        terms = self.terms(
            self.student if student is None else student,
            self.teacher if teacher is None else teacher,
        )
        terms["total"].backward()
        self.optimizer.step()

    def compiled(self):
        """Steps through torch.compile, or why there are none."""

        def once(student):
            teacher = None if self.teacher is None else torch.compile(self.teacher)
            self.step(student, teacher)
            return teacher

        student, why_not = compiled(self.student, once)
        if student is None:
            return None, why_not
        teacher = once(student)
        return lambda: self.step(student, teacher), None


def detector(about):
    model = build(about["name"], about["preset"], about["classes"])
    model.load_state_dict(read_tensors(about["weights"]))
    return model


def adamw(model, options):
    """No decay of biases and norms, as ours."""
    groups = {True: [], False: []}
    for parameter in model.parameters():
        groups[parameter.dim() > 1].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": options["weightDecay"]},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=options["lr"],
        betas=tuple(options["betas"]),
        eps=options["eps"],
        fused=True,
    )


def prepare(setup):
    versions, missing = begin(setup), []
    first = Training(setup, "fp32", "NCHW")
    with torch.no_grad():
        terms = first.terms(deepcopy(first.student), first.teacher)
    numbers = {name: term.item() for name, term in terms.items()}
    best = quickest([Training(setup, p, f) for p in ("fp32", "bf16") for f in LAYOUTS])
    versions["trial"] = best.trial
    work = {f"PyTorch eager, {best.name}": best.step}
    if setup["compile"]:
        fast, why_not = best.compiled()
        if fast is None:
            missing.append(why_not)
        else:
            work[f"PyTorch compiled, {best.name}"] = fast
    contenders = {name: timed(step, setup) for name, step in work.items()}
    # Of the weights that both begin with, in float32 whatever is measured.
    return versions, contenders, missing, {name: lambda: numbers for name in work}


def quickest(trainings):
    """The one with the shortest of four steps; its `trial` says what each took. One that begins more
    than three times as slow as another is left at that: bfloat16 without hardware for it takes a minute."""
    times = {}
    for training in trainings:
        tries = [seconds(training)]
        while len(tries) < 4 and min(tries) < 3 * min(times.values(), default=float("inf")):
            tries.append(seconds(training))
        times[training] = min(tries)
    best = min(trainings, key=times.get)
    best.trial = ", ".join(f"{t.name} {1000 * s:.0f} ms" for t, s in times.items())
    return best


def seconds(training):
    start = time.perf_counter()
    training.step()
    if training.device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    serve(prepare)
