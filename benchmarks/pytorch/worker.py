"""Training steps of one network in PyTorch, a step a line: the counterpart of worker.ts.

    worker.py '{"kind": "resnet", "width": 16, ...}'

The first line out is a greeting. Then each line in is the name of an arm, answered by the milliseconds of one step, or
`memory`, answered by the peak resident memory of this process in MB.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from networks import CLASSES, network
from two_views import two_views


def training(parameters, objective):
    parameters = list(parameters)
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4)

    def step():
        began = time.perf_counter()
        optimizer.zero_grad()
        loss = objective()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5)
        optimizer.step()
        loss.item()
        return (time.perf_counter() - began) * 1e3

    return step


def plain(size, x, y):
    model = network(**size).train()
    return training(model.parameters(), lambda: F.cross_entropy(model(x), y))


def dkd(student, static, labels, alpha=1.0, beta=0.5):
    """Decoupled knowledge distillation (Zhao et al., 2022) at temperature 1: alpha * KL(target or not) + beta * KL(which other)."""
    target = F.one_hot(labels, student.shape[1]).bool()
    log_s, log_t = F.log_softmax(student, 1), F.log_softmax(static, 1)
    binary = lambda logs: torch.stack([logs[target], logs.masked_fill(target, -torch.inf).logsumexp(1)], 1)
    others = lambda logits: F.log_softmax(logits[~target].view(len(logits), -1), 1)
    divergence = lambda s, t: F.kl_div(s, t, reduction="batchmean", log_target=True)
    return alpha * divergence(binary(log_s), binary(log_t)) + beta * divergence(others(student), others(static))


def soft_cross_entropy(student, teacher, smoothing=0.1):
    return F.cross_entropy(student, (1 - smoothing) * F.softmax(teacher, 1) + smoothing / teacher.shape[1])


def gpd(size, x, y):
    views, forward = two_views(ratio=2, **size)
    static = torch.randn(len(y), CLASSES)
    parameters = views.parameters()
    with torch.no_grad():
        gap = (forward(x, "teacher") - forward(x, "student")).abs().max().item()
    if gap > 1e-3:
        sys.exit(f"The dynamic teacher does not begin as the student: their logits differ by {gap}.")

    def objective():
        teacher, student = forward(x, "teacher"), forward(x, "student")
        labels = F.cross_entropy(teacher, y) + F.cross_entropy(student, y)
        return labels + dkd(teacher, static, y) + dkd(student, static, y) + 3 * soft_cross_entropy(student, teacher.detach())

    return training(parameters, objective)


def main():
    torch.manual_seed(0)
    given = json.loads(sys.argv[1])
    size = {key: value for key, value in given.items() if key != "batch"}
    height, wide, channels = size["inputShape"]
    x = torch.randn(given["batch"], channels, height, wide)
    y = torch.randint(CLASSES, (given["batch"],))
    kinds, arms = {"plain": plain, "gpd": gpd}, {}
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads()}), flush=True)
    for name in map(str.strip, sys.stdin):
        if name == "memory":
            # KB on Linux, bytes on macOS
            scale = 1e6 if sys.platform == "darwin" else 1e3
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale, flush=True)
            continue
        if name not in arms:
            arms[name] = kinds[name](size, x, y)
        print(arms[name](), flush=True)


main()
