"""The exponential moving average of a model's state, with a start that forgets quickly."""

from math import exp


class Average:
    """After update n = 1, 2, ...: d = decay * (1 - exp(-n / warmup)), shadow = d * shadow + (1 - d) *
    value. What is not a float is copied."""

    def __init__(self, model, decay, warmup):
        self.decay, self.warmup, self.updates = decay, warmup, 0
        self.state = {name: value.clone() for name, value in model.state_dict().items()}

    def update(self, model):
        self.updates += 1
        grown = 1 - exp(-self.updates / self.warmup) if self.warmup else 1
        d = self.decay * grown
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.state[name] = d * self.state[name] + (1 - d) * value
            else:
                self.state[name] = value.clone()
