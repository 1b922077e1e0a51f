"""MultiBoxLossKD of raw outputs, forward and backward, matching included: the peers of the row `kd`."""

import sys

sys.dont_write_bytecode = True

import torch  # noqa: E402

from given import begin, compiled, read_tensors, timed, truths_of  # noqa: E402
from plain_loss import losses  # noqa: E402
from plain_match import match_loop  # noqa: E402
from serve import serve  # noqa: E402


def prepare(setup):
    versions, missing = begin(setup), []
    given = {name: value.to(setup["device"]) for name, value in read_tensors(setup["file"]).items()}
    loc, conf = (given[name].requires_grad_() for name in ("loc", "conf"))
    teacher, truths = (given["teacherLoc"], given["teacherConf"]), truths_of(setup)
    options = setup["loss"]
    rules = (options["overlapThreshold"], options["variances"])

    def step(function):
        loc.grad = conf.grad = None
        matched = match_loop(truths, given["priors"], *rules)
        terms = function(loc, conf, teacher, *matched, options)
        terms["total"].backward()
        return terms

    work = {"PyTorch": losses}
    if setup["compile"]:
        # How many rows are picked is known when it runs.
        torch._dynamo.config.capture_dynamic_output_shape_ops = True
        fast, why_not = compiled(losses, step)
        if fast is None:
            missing.append(why_not)
        else:
            work["PyTorch, compiled"] = fast

    def answer(function):
        terms = step(function)
        grads = {"gradLoc": loc.grad, "gradConf": conf.grad}
        numbers = {name: term.item() for name, term in terms.items() if name != "total"}
        return numbers | {name: grad.abs().sum().item() for name, grad in grads.items()}

    contenders = {name: timed(lambda f=f: step(f), setup) for name, f in work.items()}
    return versions, contenders, missing, {name: lambda f=f: answer(f) for name, f in work.items()}


if __name__ == "__main__":
    serve(prepare)
