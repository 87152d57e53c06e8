"""DETR by the names of its original checkpoints, in plain torch, next to that of MMDetection 3.x.

    python detr_run.py ORIGINAL RENAMED...    # all .pth; prints how far apart their outputs are

The model here is put together of torch's attention and torchvision's ResNet-50 after the paper
(arXiv:2005.12872, appendix A.3 and A.4). Each module has the name of the original, so that
``load_state_dict`` says which tensor goes where. Run by an interpreter that has MMDetection and
torchvision, and nothing of cocosurgeon.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import mmdet  # type: ignore[import-not-found,unused-ignore]
import torch  # type: ignore[import-not-found,unused-ignore]
import torch.nn.functional as F  # type: ignore[import-not-found,unused-ignore] # noqa: N812
import torchvision  # type: ignore[import-not-found,unused-ignore]
from mmdet.utils import register_all_modules  # type: ignore[import-not-found,unused-ignore]
from torch import nn
from torchvision.ops import FrozenBatchNorm2d  # type: ignore[import-not-found,unused-ignore]
from weights_run import DETR, loaded

WIDTH, HEADS, HIDDEN, QUERIES, LAYERS = 256, 8, 2048, 100, 6
SIZES = ((96, 128), (64, 100))
"""Height and width of the two images of the batch: the second one is padded."""


class Layer(nn.Module):  # type: ignore[misc,unused-ignore]
    """A layer of the encoder, or of the decoder, with the norms behind their additions."""

    def __init__(self, is_decoder: bool) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(WIDTH, HEADS)
        if is_decoder:
            self.multihead_attn = nn.MultiheadAttention(WIDTH, HEADS)
            self.norm3 = nn.LayerNorm(WIDTH)
        self.linear1, self.linear2 = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x: Any, place: Any, padding: Any, memory: Any = None) -> Any:
        own = padding if memory is None else None
        x = self.norm1(x + self.self_attn(x + place, x + place, x, key_padding_mask=own)[0])
        last = self.norm2
        if memory is not None:
            keys, values = memory
            seen = self.multihead_attn(x + place, keys, values, key_padding_mask=padding)[0]
            x, last = self.norm2(x + seen), self.norm3
        return last(x + self.linear2(F.relu(self.linear1(x))))


class Perceptron(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self) -> None:
        super().__init__()
        sizes = (WIDTH, WIDTH, WIDTH, 4)
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in zip(sizes, sizes[1:]))  # noqa: B905, RUF007

    def forward(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class Detector(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, rows: int) -> None:
        super().__init__()
        body = torchvision.models.resnet50(weights=None, norm_layer=FrozenBatchNorm2d)
        del body.fc
        self.backbone = nn.ModuleList([nn.ModuleDict({"body": body})])
        self.input_proj = nn.Conv2d(2048, WIDTH, 1)
        self.query_embed = nn.Embedding(QUERIES, WIDTH)
        decoder = nn.Module()
        decoder.layers = nn.ModuleList(Layer(is_decoder=True) for _ in range(LAYERS))
        decoder.norm = nn.LayerNorm(WIDTH)
        encoder = nn.Module()
        encoder.layers = nn.ModuleList(Layer(is_decoder=False) for _ in range(LAYERS))
        self.transformer = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
        self.class_embed, self.bbox_embed = nn.Linear(WIDTH, rows), Perceptron()

    def forward(self, images: Any, padding: Any) -> tuple[Any, Any]:
        """Return logits and boxes of the last layer.

        Args:
            padding: which pixels of the images are padding.
        """
        body = self.backbone[0]["body"]
        x = body.maxpool(body.relu(body.bn1(body.conv1(images))))
        for stage in (body.layer1, body.layer2, body.layer3, body.layer4):
            x = stage(x)
        padding = F.interpolate(padding[None].float(), size=x.shape[2:])[0].bool()
        place = sines(padding, x.dtype).flatten(2).permute(2, 0, 1)
        x, padding = self.input_proj(x).flatten(2).permute(2, 0, 1), padding.flatten(1)
        for layer in self.transformer["encoder"].layers:
            x = layer(x, place, padding)
        memory = (x + place, x)
        queries = self.query_embed.weight[:, None].expand(-1, len(images), -1)
        found = torch.zeros_like(queries)
        for layer in self.transformer["decoder"].layers:
            found = layer(found, queries, padding, memory)
        found = self.transformer["decoder"].norm(found).transpose(0, 1)
        return self.class_embed(found), self.bbox_embed(found).sigmoid()


def sines(padding: Any, dtype: Any) -> Any:
    """Return the encoding of places: of y, then of x, counted from 0 to 2 pi in each image."""
    half = WIDTH // 2
    wave = 10000 ** (2 * torch.div(torch.arange(half), 2, rounding_mode="floor") / half)
    parts = []
    for axis in (1, 2):
        count = (~padding).cumsum(axis, dtype=dtype)
        last = count[:, -1:] if axis == 1 else count[:, :, -1:]
        angle = (2 * math.pi * count / (last + 1e-6))[..., None] / wave
        parts.append(torch.stack([angle[..., ::2].sin(), angle[..., 1::2].cos()], -1).flatten(3))
    return torch.cat(parts, 3).permute(0, 3, 1, 2)


def main(original: str, *renamed: str) -> Any:
    state = torch.load(original, weights_only=True)["model"]
    model = Detector(len(state["class_embed.bias"])).eval().double()
    model.load_state_dict(state, strict=True)
    torch.manual_seed(0)
    images, padding = torch.zeros(2, 3, *SIZES[0], dtype=torch.double), torch.ones(2, *SIZES[0])
    samples = []
    for place, (height, width) in enumerate(SIZES):
        images[place, :, :height, :width] = torch.randn(3, height, width)
        padding[place, :height, :width] = 0
        shapes = {"img_shape": (height, width), "batch_input_shape": SIZES[0]}
        samples.append(mmdet.structures.DetDataSample(metainfo=shapes))
    with torch.no_grad():
        outputs = model(images, padding)
    found = []
    for file in renamed:
        port = loaded(DETR, file, {"model.bbox_head.num_classes": 91}).double()
        with torch.no_grad():
            others = [of_layers[-1] for of_layers in port(images, samples, mode="tensor")]
        apart = [float((one - other).abs().max()) for one, other in zip(outputs, others)]  # noqa: B905
        found.append(apart)
    return {
        "shapes": [list(each.shape) for each in outputs],
        "spread": [float(each.std(dim=1).min()) for each in outputs],
        "apart": found,
    }


if __name__ == "__main__":
    register_all_modules()
    torch.set_num_threads(1)
    print(json.dumps(main(*sys.argv[1:])))
