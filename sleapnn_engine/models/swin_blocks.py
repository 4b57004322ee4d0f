"""The layers of a Swin Transformer, on (B, H, W, C); files name and order their parameters as torchvision does."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sleapnn_engine.models.dense import dense
from sleapnn_engine.models.packed import PackedLinear

norm = partial(nn.LayerNorm, eps=1e-5)
_WIDER = 4
#: Added to how much two cells attend to each other that only meet because the map was moved round.
_APART = -100.0
_Pair = tuple[int, int]


class WindowAttention(nn.Module):
    """Cells of a square of `window` cells a side attend to each other; the squares are moved by `shift` cells.

    A map that is no multiple of the side is padded at the right and bottom, and where one square is enough for an axis,
    nothing moves along it.
    """

    def __init__(self, width: int, *, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.num_heads, self.window, self.shift = heads, window, shift
        self.qkv: nn.Module = nn.Linear(width, 3 * width)  # packed where the network is in use
        self.proj = nn.Linear(width, width)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        if _is_real(self.relative_position_bias_table):
            nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.register_buffer("relative_position_index", _relative_places(window))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        below, beside = -height % self.window, -width % self.window
        if isinstance(self.qkv, PackedLinear):
            # In use, nothing is multiplied that is only there to fill squares: up to two thirds of a small map.
            assert self.qkv.bias is not None
            parts = _filled(self.qkv(x), with_=self.qkv.bias, below=below, beside=beside)
            x = self._by_squares(parts, self._attended)[:, :height, :width]
            return dense(self.proj, x.contiguous())
        x = functional.pad(x, (0, 0, 0, beside, 0, below))
        x = self._by_squares(x, self._projected)
        return x[:, :height, :width].contiguous()

    def _by_squares(self, x: Tensor, look: Callable[[Tensor, _Pair, _Pair], Tensor]) -> Tensor:
        """What `look` makes of the moved squares (B * rows * columns, cells, any), of how many there are and how far they are
        moved; back in place, (B, H, W, C)."""
        side = self.window
        rows, columns = x.shape[1] // side, x.shape[2] // side
        down, right = (self.shift if squares > 1 else 0 for squares in (rows, columns))
        if down or right:
            x = x.roll((-down, -right), (1, 2))
        x = x.unflatten(1, (rows, side)).unflatten(3, (columns, side)).transpose(2, 3)
        x = look(x.flatten(3, 4).flatten(0, 2), (rows, columns), (down, right))
        x = x.unflatten(1, (side, side)).unflatten(0, (-1, rows, columns)).transpose(2, 3)
        x = x.flatten(3, 4).flatten(1, 2)
        return x.roll((down, right), (1, 2)) if down or right else x

    def _projected(self, cells: Tensor, squares: _Pair, moved: _Pair) -> Tensor:
        """Squares (B * rows * columns, cells, C) -> the same."""
        return dense(self.proj, self._attended(dense(self.qkv, cells), squares, moved))

    def _attended(self, parts: Tensor, squares: _Pair, moved: _Pair) -> Tensor:
        """Queries, keys and values of squares (B * rows * columns, cells, 3 * C) -> (B * rows * columns, cells, C)."""
        cells = parts.shape[1]
        query, key, value = parts.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4).unbind()
        weights = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        bias = self.relative_position_bias_table[self.relative_position_index]  # type: ignore[index]
        bias = bias.unflatten(0, (cells, -1)).permute(2, 0, 1)
        if any(moved):
            apart = _apart(squares, moved, window=self.window, like=parts)
            weights = (weights.unflatten(0, (-1, len(apart))) + (bias + apart[:, None])).flatten(0, 1)
        else:
            weights = weights + bias
        x: Tensor = weights.softmax(dim=-1) @ value
        return x.transpose(1, 2).flatten(2)


def _filled(x: Tensor, *, with_: Tensor, below: int, beside: int) -> Tensor:
    """(B, H, W, C) -> (B, H + below, W + beside, C), with the same (C,) in each new cell."""
    if not (below or beside):
        return x
    batch, height, width, _ = x.shape
    filled = with_.expand(batch, height + below, width + beside, -1).clone()
    filled[:, :height, :width] = x
    return filled


def _is_real(value: Tensor) -> bool:
    """Whether a value is more than a shape: to draw one on the meta device, PyTorch loads its compiler, which takes longer
    than predicting a few frames.
    """
    return not value.is_meta


def _relative_places(window: int) -> Tensor:
    """For each pair of cells of a square the row of the table that is for their distance, flat.

    By numpy, for the same reason as `_is_real`.
    """
    steps = np.arange(window)
    apart = steps[:, None] - steps[None] + window - 1
    pairs = apart[:, None, :, None] * (2 * window - 1) + apart[None, :, None, :]
    return torch.from_numpy(pairs.reshape(-1))


def _apart(squares: tuple[int, int], moved: tuple[int, int], *, window: int, like: Tensor) -> Tensor:
    """(squares, cells, cells): 0 where two cells are neighbours on the map, and `_APART` where they were far from each other."""
    sides = []
    for count, by in zip(squares, moved, strict=True):
        place = torch.arange(count * window, device=like.device)
        sides.append(
            (place >= len(place) - by).to(like.dtype) if by else place.new_zeros(len(place), dtype=like.dtype)
        )
    regions = 2 * sides[0][:, None] + sides[1][None]
    regions = regions.unflatten(0, (-1, window)).unflatten(2, (-1, window)).transpose(1, 2)
    regions = regions.flatten(2, 3).flatten(0, 1)
    others: Tensor = regions[:, None] != regions[:, :, None]
    return _APART * others.to(like.dtype)


class SwinBlock(nn.Module):
    """Attention and two dense layers at each cell, each added; while training, each is left out with a probability."""

    def __init__(self, width: int, *, heads: int, window: int, shift: int, left_out: float) -> None:
        super().__init__()
        self.left_out = left_out
        self.norm1 = norm(width)
        self.attn = WindowAttention(width, heads=heads, window=window, shift=shift)
        self.norm2 = norm(width)
        # The numbers are those of torchvision's sequence, in which steps without parameters have one too.
        wider, narrower = nn.Linear(width, _WIDER * width), nn.Linear(_WIDER * width, width)
        self.mlp = nn.ModuleDict({"0": wider, "3": narrower})
        for layer in (wider, narrower):
            if _is_real(layer.weight):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.normal_(layer.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self._mostly(self.attn(self.norm1(x)))
        wider, narrower = self.mlp.values()
        return x + self._mostly(dense(narrower, dense(wider, self.norm2(x), gelu=True)))

    def _mostly(self, x: Tensor) -> Tensor:
        """Left out of some images while training, and more in the others, so that the mean stays."""
        if not (self.training and self.left_out):
            return x
        kept = x.new_empty((len(x), 1, 1, 1)).bernoulli_(1 - self.left_out)
        return x * kept.div_(1 - self.left_out)


class Merging(nn.Module):
    """(B, H, W, C) -> (B, H / 2, W / 2, 2 * C): four neighbours become one cell; odd sides are padded."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)
        self.norm = norm(4 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return dense(self.reduction, self.norm(torch.cat(corners, dim=-1)))
