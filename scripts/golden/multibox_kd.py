"""The four terms of detection distillation (Chen et al., NIPS 2017) and their objective."""

import multibox
from multibox import multibox as student_losses

DEFAULTS = {
    **multibox.DEFAULTS,
    "temperature": 1,
    "negWeight": 1.5,
    "posWeight": 1,
    "margin": 0,
    "soft": "ce",
    "mu": 0.7,
    "nu": 0.5,
}


def multibox_kd(student, teacher, targets, priors, options):
    """`student` and `teacher` are (loc, conf); the teacher takes no part in selection or gradient.

    Returns the terms with the objective among them, and the pictures they were summed over.
    """
    options = {**DEFAULTS, **options}
    terms, pictures = student_losses(*student, targets, priors, options)
    loc, conf = student
    teacher_loc, teacher_conf = (output.detach() for output in teacher)
    soft, l2 = loc.new_zeros(()), loc.new_zeros(())
    for b, picture in enumerate(pictures):
        rows = picture.selected
        soft = soft + soft_loss(conf[b][rows], teacher_conf[b][rows], options)
        rows = picture.positive
        truth = picture.match.loc[rows]
        l2 = l2 + bounded_l2(loc[b][rows], teacher_loc[b][rows], truth, options["margin"])

    n = max(terms["numPositives"], 1)
    terms = {**terms, "soft": soft / n, "l2": l2 / n}
    mu, nu = options["mu"], options["nu"]
    hard = mu * terms["conf"] + terms["loc"]
    terms["objective"] = (1 - mu) * terms["soft"] + hard + nu * terms["l2"]
    return terms, pictures


def soft_loss(logits, teacher_logits, options):
    """Weighted cross-entropy with the teacher (the weight belongs to the class column), or KL."""
    t = options["temperature"]
    p_teacher = (teacher_logits / t).softmax(dim=1)
    log_student = (logits / t).log_softmax(dim=1)
    if options["soft"] == "kl":
        log_teacher = (teacher_logits / t).log_softmax(dim=1)
        return (p_teacher * (log_teacher - log_student)).sum() * t**2
    weight = logits.new_full((logits.shape[1],), options["posWeight"])
    weight[0] = options["negWeight"]
    return -(weight * p_teacher * log_student).sum() * t**2


def bounded_l2(loc, teacher_loc, truth, margin):
    """Squared distance to the truth of those priors where the teacher is strictly nearer."""
    total = loc.new_zeros(())
    for s, t, y in zip(loc, teacher_loc, truth):
        ds = ((s - y) ** 2).sum()
        dt = ((t - y) ** 2).sum()
        if ds.item() + margin > dt.item():
            total = total + ds
    return total
