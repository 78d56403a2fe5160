"""A student and its dynamic teacher as two views of one set of tensors: GPD with hard sharing, in plain PyTorch.

With the ratio r, `[in]` and `[out]` 1 where an axis is expanded and 0 where it is not (images and logits are not), a kernel
is stored as W / r^[out], tiled. The dynamic teacher uses `stored * r^([out] - [in])`, the student the leading block of
what is stored, `* r^[out]`: both begin as the function of W.
"""

import math

import torch
from torch.nn import functional as F

from networks import CLASSES, residual_blocks

# origin, average, prior, expansion, pointwise, separable (Hu et al., 2022), as released for training from scratch
GATES = [0.25, 0.25, 0.0, 0.5, 0.05, 0.5]
SEPARABLE = 8


class TwoViews:
    """The stored tensors, and what either actor sees of them."""

    def __init__(self, ratio):
        self.ratio = ratio
        self.stored = {}
        self.constants = {}
        self.statistics = {"student": {}, "teacher": {}}

    def add(self, name, value, expanded, scaled=False, constant=False):
        """Stores a tensor of the student's size: tiled along the axes that `expanded` says, divided by r if `scaled`."""
        tiled = value.repeat(*(self.ratio if axis else 1 for axis in expanded))
        (self.constants if constant else self.stored)[name] = tiled / self.ratio if scaled else tiled

    def parameters(self):
        return [tensor.requires_grad_() for tensor in self.stored.values()]

    def see(self, name, actor, expanded, teacher=0, student=0):
        """What an actor sees: all of it `* r^teacher`, or its leading block `* r^student`."""
        value = self.stored[name] if name in self.stored else self.constants[name]
        if actor == "teacher":
            return value * self.ratio**teacher if teacher else value
        block = value[tuple(slice(size // self.ratio) if axis else slice(None) for size, axis in zip(value.shape, expanded))]
        return block * self.ratio**student if student else block


class Kernel:
    """A kernel or matrix `[out, in, ...]`; every branch of it is one too."""

    def __init__(self, views, name, shape, input=True, output=True, fan_in=None, value=None, constant=False):
        self.views, self.name, self.input, self.output = views, name, input, output
        self.axes = [output, input] + [False] * (len(shape) - 2)
        if value is None:
            value = torch.empty(shape).uniform_(-1, 1) * math.sqrt(6 / (fan_in or math.prod(shape[1:])))
        views.add(name, value, self.axes, scaled=output, constant=constant)

    def __call__(self, actor):
        return self.views.see(self.name, actor, self.axes, teacher=self.output - self.input, student=int(self.output))


class Vector:
    """A scale, shift, gate or token: only tiled along its last axis; a bias is also divided by r."""

    def __init__(self, views, name, value, expanded=True, scaled=False, constant=False):
        self.views, self.name, self.power = views, name, int(scaled)
        self.axes = [False] * (value.dim() - 1) + [expanded]
        views.add(name, value, self.axes, scaled, constant)

    def __call__(self, actor):
        return self.views.see(self.name, actor, self.axes, teacher=self.power, student=self.power)


def frequency_filters(filters, size):
    """cos(pi (y + 1/2) f / 3), down the rows for the first half of the filters, along the columns for the others."""
    position = torch.arange(size) + 0.5
    wave = lambda f: torch.cos(torch.pi * position * f / 3)
    half = filters // 2
    rows = [wave(o + 1)[:, None].expand(size, size) for o in range(half)]
    return torch.stack(rows + [wave(o + 1)[None, :].expand(size, size) for o in range(filters - half)])


class BranchedKernel:
    """Six branches, merged in weight space at every forward pass."""

    def __init__(self, views, name, filters, channels, input):
        kernel = lambda branch, shape, **options: Kernel(views, f"{name}.{branch}", shape, input, **options)
        self.gates = Vector(views, f"{name}.gates", torch.tensor(GATES)[:, None].repeat(1, filters))
        self.origin = kernel("origin", [filters, channels, 3, 3])
        self.average = kernel("average", [filters, channels, 1, 1])
        self.prior = kernel("prior", [filters, channels, 1, 1])
        waves = frequency_filters(filters, 3)[:, None].permute(1, 2, 3, 0).contiguous()
        self.waves = Vector(views, f"{name}.waves", waves, constant=True)
        inner = dict(input=input, output=input)
        self.inner = Kernel(views, f"{name}.inner", [channels] * 2, **inner, value=torch.zeros(channels, channels))
        self.identity = Kernel(views, f"{name}.identity", [channels] * 2, **inner, value=torch.eye(channels), constant=True)
        self.outer = kernel("outer", [filters, channels, 3, 3])
        self.pointwise = kernel("pointwise", [filters, channels, 3, 3])
        self.depthwise = Vector(views, f"{name}.depthwise", torch.randn(SEPARABLE, 3, 3, channels) / 3, expanded=input)
        self.project = kernel("project", [filters, channels, SEPARABLE], fan_in=SEPARABLE * channels)

    def __call__(self, actor):
        gates = self.gates(actor)[:, :, None, None, None]
        inner = self.inner(actor) + self.identity(actor)
        kernel = gates[0] * self.origin(actor) + gates[4] * self.pointwise(actor)
        kernel = kernel + gates[1] * self.average(actor) / 9
        kernel = kernel + gates[2] * self.prior(actor) * self.waves(actor).permute(3, 0, 1, 2)
        kernel = kernel + gates[3] * torch.einsum("mi,omhw->oihw", inner, self.outer(actor))
        return kernel + gates[5] * torch.einsum("oit,thwi->oihw", self.project(actor), self.depthwise(actor))


class Norm:
    def __init__(self, views, name, channels):
        self.views, self.name = views, name
        self.scale = Vector(views, f"{name}.scale", torch.ones(channels))
        self.shift = Vector(views, f"{name}.shift", torch.zeros(channels))
        for actor, width in (("student", channels), ("teacher", channels * views.ratio)):
            views.statistics[actor][name] = torch.zeros(width), torch.ones(width)

    def batch(self, x, actor):
        mean, variance = self.views.statistics[actor][self.name]
        return F.batch_norm(x, mean, variance, self.scale(actor), self.shift(actor), training=True)

    def layer(self, x, actor):
        return F.layer_norm(x, x.shape[-1:], self.scale(actor), self.shift(actor), 1e-6)


class Resnet:
    def __init__(self, views, width, blocks, inputShape):
        self.stem = BranchedKernel(views, "stem", width, inputShape[2], input=False), Norm(views, "stem.norm", width)
        self.blocks = [self.block(views, f"block{i}", *block) for i, block in enumerate(residual_blocks(width, blocks))]
        last = width * 2 ** (len(blocks) - 1)
        self.head = Kernel(views, "head", [CLASSES, last], output=False), Vector(views, "head.bias", torch.zeros(CLASSES), expanded=False)

    @staticmethod
    def block(views, name, before, filters, stride):
        kernel = lambda layer, size: Kernel(views, f"{name}.{layer}", [filters, before, size, size])
        branched = lambda layer, channels: BranchedKernel(views, f"{name}.{layer}", filters, channels, True)
        first = branched("conv1", before) if stride == 1 else kernel("conv1", 3)
        resized = stride != 1 or before != filters
        shortcut = (kernel("shortcut", 1), Norm(views, f"{name}.shortcut.norm", filters)) if resized else None
        second = branched("conv2", filters)
        return stride, first, Norm(views, f"{name}.norm1", filters), second, Norm(views, f"{name}.norm2", filters), shortcut

    def __call__(self, x, actor):
        kernel, norm = self.stem
        x = F.relu(norm.batch(F.conv2d(x, kernel(actor), padding=1), actor), inplace=True)
        for stride, first, norm1, second, norm2, shortcut in self.blocks:
            y = F.relu(norm1.batch(F.conv2d(x, first(actor), stride=stride, padding=1), actor), inplace=True)
            y = norm2.batch(F.conv2d(y, second(actor), padding=1), actor)
            if shortcut is not None:
                x = shortcut[1].batch(F.conv2d(x, shortcut[0](actor), stride=stride), actor)
            x = F.relu(y + x, inplace=True)
        weight, bias = self.head
        return F.linear(x.mean((2, 3)), weight(actor), bias(actor))


class Dense:
    def __init__(self, views, name, inputs, outputs, input=True, output=True, window=()):
        self.weight = Kernel(views, f"{name}.weight", [outputs, inputs, *window], input, output)
        self.bias = Vector(views, f"{name}.bias", torch.zeros(outputs), output, scaled=output)

    def __call__(self, x, actor):
        return F.linear(x, self.weight(actor), self.bias(actor))


class VisionTransformer:
    """Expanding attention repeats the heads, as `[q k v]` once more, and keeps their size."""

    def __init__(self, views, width, depth, heads, patchSize, inputShape):
        height, wide, channels = inputShape
        self.views, self.heads, self.patch = views, heads, patchSize
        self.patches = Dense(views, "patches", channels, width, input=False, window=[patchSize] * 2)
        self.token = Vector(views, "token", torch.zeros(1, 1, width))
        self.positions = Vector(views, "positions", 0.02 * torch.randn(1, 1 + height * wide // patchSize**2, width))
        dense = lambda i, layer, inputs, outputs: Dense(views, f"block{i}.{layer}", inputs, outputs)
        norm = lambda i, layer: Norm(views, f"block{i}.{layer}", width)
        self.blocks = [
            (norm(i, "norm1"), dense(i, "qkv", width, 3 * width), dense(i, "projection", width, width),
             norm(i, "norm2"), dense(i, "hidden", width, 4 * width), dense(i, "output", 4 * width, width))
            for i in range(depth)
        ]
        self.norm = Norm(views, "norm", width)
        self.head = Dense(views, "head", width, CLASSES, output=False)

    def __call__(self, x, actor):
        copies = self.views.ratio if actor == "teacher" else 1
        x = F.conv2d(x, self.patches.weight(actor), self.patches.bias(actor), self.patch).flatten(2).transpose(1, 2)
        x = torch.cat([self.token(actor).expand(len(x), -1, -1), x], 1) + self.positions(actor)
        batch, tokens, width = x.shape
        for norm1, qkv, projection, norm2, hidden, output in self.blocks:
            parts = qkv(norm1.layer(x, actor), actor).view(batch, tokens, copies, 3, self.heads, -1)
            q, k, v = parts.permute(3, 0, 2, 4, 1, 5).flatten(2, 3)
            y = F.scaled_dot_product_attention(q, k, v)
            x = x + projection(y.transpose(1, 2).reshape(batch, tokens, width), actor)
            x = x + output(F.gelu(hidden(norm2.layer(x, actor), actor)), actor)
        return self.head(self.norm.layer(x, actor)[:, 0], actor)


def two_views(kind, ratio, **size):
    views = TwoViews(ratio)
    return views, {"resnet": Resnet, "vit": VisionTransformer}[kind](views, **size)
