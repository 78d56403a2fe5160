"""The plain student step in PyTorch. Reads network names from stdin, answers each with the milliseconds of one step."""

import json
import sys
import time

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, before, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        resized = stride != 1 or before != filters
        self.shortcut = nn.Sequential(nn.Conv2d(before, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)) if resized else nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.shortcut(x))


def resnet(width, blocks, channels, classes=10):
    layers = [nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    before = width
    for stage, count in enumerate(blocks):
        for index in range(count):
            filters = width * 2**stage
            layers.append(Block(before, filters, 2 if stage > 0 and index == 0 else 1))
            before = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


def arm(width, blocks, inputShape, batch):
    height, wide, channels = inputShape
    torch.manual_seed(0)
    model = resnet(width, blocks, channels).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    x = torch.randn(batch, channels, height, wide)
    y = torch.randint(10, (batch,))

    def step():
        began = time.perf_counter()
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        loss.item()
        return (time.perf_counter() - began) * 1e3

    return step


arms = {name: arm(**network) for name, network in json.loads(sys.argv[1]).items()}
print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    print(arms[line.strip()](), flush=True)
