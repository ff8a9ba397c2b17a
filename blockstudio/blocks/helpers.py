"""Source text of the small modules that emitted source may need beyond ``torch.nn``.

Each text stands alone: it needs only ``torch``, ``nn`` and ``F`` (``torch.nn.functional``) in scope.
"""

from __future__ import annotations

_PADS = '''\
def same_pads(self, x):
    """Padding (left, right, top, bottom) for an output of ceil(input / stride)."""
    pads = []
    for axis in (1, 0):
        size, stride = x.shape[2 + axis], self.stride[axis]
        reach = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
        total = max(0, (-(-size // stride) - 1) * stride + reach - size)
        pads += [total // 2, total - total // 2]
    return pads
'''


def _with_same_pads(text: str) -> str:
    """Each class has the method of its own, so that no text needs another."""
    method = "".join(f"    {line}\n" if line else "\n" for line in _PADS.splitlines())
    return text.rstrip("\n") + "\n\n" + method


HELPERS: dict[str, str] = {
    "Conv2dPadded": '''\
class Conv2dPadded(nn.Conv2d):
    """Convolution with a padding of its own on each side: pads = (top, bottom, left, right)."""

    def __init__(self, *args, pads, **kwargs):
        super().__init__(*args, **kwargs)
        top, bottom, left, right = pads
        self.pads = (left, right, top, bottom)

    def forward(self, x):
        return super().forward(F.pad(x, self.pads))
''',
    "Conv2dSame": _with_same_pads('''\
class Conv2dSame(nn.Conv2d):
    """Convolution with TensorFlow's padding "same"."""

    def forward(self, x):
        pads = self.same_pads(x)
        return super().forward(F.pad(x, pads) if any(pads) else x)
'''),
    "MaxPool2dPadded": '''\
class MaxPool2dPadded(nn.MaxPool2d):
    """Max pooling with a padding of its own on each side: pads = (top, bottom, left, right)."""

    def __init__(self, kernel_size, stride=None, pads=(0, 0, 0, 0), dilation=1, ceil_mode=False):
        super().__init__(kernel_size, stride, dilation=dilation, ceil_mode=ceil_mode)
        top, bottom, left, right = pads
        self.pads = (left, right, top, bottom)

    def forward(self, x):
        return super().forward(F.pad(x, self.pads, value=float("-inf")))
''',
    "MaxPool2dSame": _with_same_pads('''\
class MaxPool2dSame(nn.MaxPool2d):
    """Max pooling with TensorFlow's padding "same"."""

    def __init__(self, kernel_size, stride, dilation=1):
        given = (kernel_size, stride, dilation)
        pairs = [(value, value) if isinstance(value, int) else value for value in given]
        super().__init__(pairs[0], pairs[1], dilation=pairs[2])

    def forward(self, x):
        pads = self.same_pads(x)
        return super().forward(F.pad(x, pads, value=float("-inf")) if any(pads) else x)
'''),
    "AvgPool2dPadded": '''\
class AvgPool2dPadded(nn.AvgPool2d):
    """Average pooling with a padding of its own on each side: pads = (top, bottom, left, right)."""

    def __init__(self, *args, pads, **kwargs):
        super().__init__(*args, **kwargs)
        top, bottom, left, right = pads
        self.pads = (left, right, top, bottom)

    def forward(self, x):
        mean = super().forward(F.pad(x, self.pads))
        if self.count_include_pad or self.divisor_override:
            return mean
        share = super().forward(F.pad(x.new_ones(1, 1, *x.shape[2:]), self.pads))
        return mean / share
''',
    "AvgPool2dSame": _with_same_pads('''\
class AvgPool2dSame(nn.AvgPool2d):
    """Average pooling with TensorFlow's padding "same"."""

    dilation = (1, 1)

    def __init__(self, kernel_size, stride, **kwargs):
        given = (kernel_size, stride)
        pairs = [(value, value) if isinstance(value, int) else value for value in given]
        super().__init__(*pairs, **kwargs)

    def forward(self, x):
        pads = self.same_pads(x)
        if not any(pads):
            return super().forward(x)
        mean = super().forward(F.pad(x, pads))
        if self.count_include_pad or self.divisor_override:
            return mean
        share = super().forward(F.pad(x.new_ones(1, 1, *x.shape[2:]), pads))
        return mean / share
'''),
    "ShiftBatchNorm2d": '''\
class ShiftBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation that learns a shift only; the scale is fixed at 1."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum, affine=False)
        # CUDA takes no shift without a scale: one of ones, neither learned nor saved.
        del self.weight
        self.register_buffer("weight", torch.ones(num_features), persistent=False)
        self.bias = nn.Parameter(torch.zeros(num_features))
''',
    "ShortcutA": '''\
class ShortcutA(nn.Module):
    """ResNet's option A: every stride-th pixel; channels of zeros after the others or around."""

    def __init__(self, in_channels, out_channels, stride=2, zeros="after"):
        super().__init__()
        self.stride = (stride, stride) if isinstance(stride, int) else stride
        added = out_channels - in_channels
        before = added // 2 if zeros == "both" else 0
        self.pads = (0, 0, 0, 0, before, added - before)

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride[0], :: self.stride[1]], self.pads)
''',
    "Chunk": '''\
class Chunk(nn.Module):
    """One of equal parts of the channels."""

    def __init__(self, parts, index):
        super().__init__()
        self.parts = parts
        self.index = index

    def forward(self, x):
        return torch.chunk(x, self.parts, dim=1)[self.index]
''',
    "ChannelSlice": '''\
class ChannelSlice(nn.Module):
    """The channels from start to stop; 0 stands for the end."""

    def __init__(self, start, stop):
        super().__init__()
        self.part = slice(start, stop or None)

    def forward(self, x):
        return x[:, self.part]
''',
    "StochasticDepth": '''\
class StochasticDepth(nn.Module):
    """Leaves out a whole residual with probability p while training, of each image (row) or of the batch."""

    def __init__(self, p, mode="row"):
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x):
        if not self.training or self.p == 0.0:
            return x
        size = (x.shape[0] if self.mode == "row" else 1,) + (1,) * (x.ndim - 1)
        noise = torch.empty(size, dtype=x.dtype, device=x.device).bernoulli_(1.0 - self.p)
        if self.p < 1.0:
            noise.div_(1.0 - self.p)
        return x * noise
''',
    "LayerNorm2d": '''\
class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
    "PixelLinear": '''\
class PixelLinear(nn.Linear):
    """A linear layer over the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
    "PixelGELU": '''\
class PixelGELU(nn.GELU):
    """GELU computed with the channels last."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
    "ChannelConv1d": '''\
class ChannelConv1d(nn.Conv1d):
    """A convolution along the channels of a vector."""

    def forward(self, x):
        return super().forward(x.flatten(1).unsqueeze(1)).view_as(x)
''',
    "Scale": '''\
class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor
''',
    "Offset": '''\
class Offset(nn.Module):
    """Adds a constant."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x):
        return x + self.value
''',
}
"""Class name to source text."""
