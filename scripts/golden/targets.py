"""Truths that a network's outputs leave no doubt about."""

from itertools import count

from cases import Batch
from pictures import truths
from stability import batch_is_stable


def draw(name, sides, salts, classes):
    """One (boxes, labels) a picture; `salts` says which draw of each."""
    return [truths(f"{name}/{i}#{salt}", sides, classes) for i, salt in enumerate(salts)]


def double(targets):
    return [(boxes.double(), labels) for boxes, labels in targets]


def clear_salts(name, sides, student, teacher, priors, options, margin):
    """For every picture the first draw of truths whose matching, mining and bound are clear.

    `student` and `teacher` are (loc, conf), float64; without a teacher None. Classes are those of conf
    without the background.
    """
    salts = []
    for i, (loc, conf) in enumerate(zip(*student)):
        # Its own teacher is as near to every truth as the student, exactly.
        teacher_loc, teacher_conf = (part[i] for part in teacher or student)
        exact = ("bound",) if teacher is None else ()
        outputs = [part.detach().unsqueeze(0) for part in (loc, conf, teacher_loc, teacher_conf)]
        for salt in count():
            drawn = truths(f"{name}/{i}#{salt}", sides, conf.shape[1] - 1)
            if batch_is_stable(Batch(priors, [drawn], *outputs, options, exact, margin)):
                salts.append(salt)
                break
            if salt > 300:
                raise RuntimeError(f"{name}: expected truths with clear decisions, found none")
    return salts
