"""Keys and shapes of the checkpoints of the original DETR and DINO, both with a ResNet-50.

Described by layers and blocks, after the classes that make them: models/detr.py, models/backbone.py
and models/transformer.py of facebookresearch/detr; models/dino/dino.py and
models/dino/deformable_transformer.py of IDEA-Research/DINO with config/DINO/DINO_4scale.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

Shape = tuple[int, ...]
Shapes = dict[str, Shape]

_WIDTH = 256
_HIDDEN = 2048
_BLOCKS = (3, 4, 6, 3)


def detr_r50() -> Shapes:
    """Return those of DETR with 91 classes and the background."""
    shapes: Shapes = {}
    for part, attentions in (
        ("encoder", ("self_attn",)),
        ("decoder", ("self_attn", "multihead_attn")),
    ):
        for i in range(6):
            name = f"transformer.{part}.layers.{i}"
            for attention in attentions:
                shapes.update(_attention(f"{name}.{attention}"))
            shapes.update(_feed_forward(name, norms=len(attentions) + 1))
    shapes.update(_pair("transformer.decoder.norm", (_WIDTH,)))
    shapes.update(_pair("class_embed", (92, _WIDTH)))
    shapes.update(_perceptron("bbox_embed", (_WIDTH, _WIDTH, _WIDTH, 4)))
    shapes["query_embed.weight"] = (100, _WIDTH)
    shapes.update(_pair("input_proj", (_WIDTH, 2048, 1, 1)))
    shapes.update(_resnet50("backbone.0.body"))
    return shapes


def dino_r50_4scale() -> Shapes:
    """Return those of DINO with 91 classes, 900 queries and four levels."""
    shapes: Shapes = {"transformer.level_embed": (4, _WIDTH)}
    for i in range(6):
        name = f"transformer.encoder.layers.{i}"
        shapes.update(_deformable_attention(f"{name}.self_attn"))
        shapes.update(_feed_forward(name, norms=2))
    for i in range(6):
        name = f"transformer.decoder.layers.{i}"
        shapes.update(_deformable_attention(f"{name}.cross_attn"))
        shapes.update(_attention(f"{name}.self_attn"))
        shapes.update(_feed_forward(name, norms=3))
    shapes.update(_pair("transformer.decoder.norm", (_WIDTH,)))
    shapes.update(_perceptron("transformer.decoder.ref_point_head", (2 * _WIDTH, _WIDTH, _WIDTH)))
    shapes.update(_pair("transformer.enc_output", (_WIDTH, _WIDTH)))
    shapes.update(_pair("transformer.enc_output_norm", (_WIDTH,)))
    shapes["transformer.tgt_embed.weight"] = (900, _WIDTH)
    boxes = (_WIDTH, _WIDTH, _WIDTH, 4)
    for prefix in ("transformer.decoder.", ""):
        for i in range(6):
            shapes.update(_perceptron(f"{prefix}bbox_embed.{i}", boxes))
            shapes.update(_pair(f"{prefix}class_embed.{i}", (91, _WIDTH)))
    shapes.update(_perceptron("transformer.enc_out_bbox_embed", boxes))
    shapes.update(_pair("transformer.enc_out_class_embed", (91, _WIDTH)))
    shapes["label_enc.weight"] = (92, _WIDTH)
    for i, (size, channels) in enumerate(((1, 512), (1, 1024), (1, 2048), (3, 2048))):
        shapes.update(_pair(f"input_proj.{i}.0", (_WIDTH, channels, size, size)))
        shapes.update(_pair(f"input_proj.{i}.1", (_WIDTH,)))
    shapes.update(_resnet50("backbone.0.body"))
    return shapes


def copied_key(key: str) -> str:
    """Return the key of DINO that has the same tensor.

    Layers share their branches, and those of the decoder are the model's.
    """
    name = key.removeprefix("transformer.decoder.")
    branch, _, rest = name.partition(".")
    if branch in ("class_embed", "bbox_embed"):
        return f"{branch}.0.{rest.partition('.')[2]}"
    return key


def _pair(name: str, shape: Shape) -> Shapes:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _perceptron(name: str, sizes: Shape) -> Shapes:
    shapes: Shapes = {}
    for i, (before, after) in enumerate(pairwise(sizes)):
        shapes.update(_pair(f"{name}.layers.{i}", (after, before)))
    return shapes


def _attention(name: str) -> Shapes:
    fused = {
        f"{name}.in_proj_weight": (3 * _WIDTH, _WIDTH),
        f"{name}.in_proj_bias": (3 * _WIDTH,),
    }
    return {**fused, **_pair(f"{name}.out_proj", (_WIDTH, _WIDTH))}


def _deformable_attention(name: str) -> Shapes:
    points = 8 * 4 * 4  # heads, levels, points
    return {
        **_pair(f"{name}.sampling_offsets", (2 * points, _WIDTH)),
        **_pair(f"{name}.attention_weights", (points, _WIDTH)),
        **_pair(f"{name}.value_proj", (_WIDTH, _WIDTH)),
        **_pair(f"{name}.output_proj", (_WIDTH, _WIDTH)),
    }


def _feed_forward(name: str, norms: int) -> Shapes:
    shapes = {
        **_pair(f"{name}.linear1", (_HIDDEN, _WIDTH)),
        **_pair(f"{name}.linear2", (_WIDTH, _HIDDEN)),
    }
    for i in range(norms):
        shapes.update(_pair(f"{name}.norm{i + 1}", (_WIDTH,)))
    return shapes


def _resnet50(name: str) -> Shapes:
    """Return those of a ResNet-50 without its last layer, with FrozenBatchNorm2d."""
    return dict(_resnet50_entries(name))


def _resnet50_entries(name: str) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.conv1.weight", (64, 3, 7, 7)
    yield from _frozen_norm(f"{name}.bn1", 64)
    channels = 64
    for stage, blocks in enumerate(_BLOCKS):
        width = 64 << stage
        for block in range(blocks):
            prefix = f"{name}.layer{stage + 1}.{block}"
            sizes = ((width, channels, 1), (width, width, 3), (4 * width, width, 1))
            for i, (after, before, size) in enumerate(sizes, 1):
                yield f"{prefix}.conv{i}.weight", (after, before, size, size)
                yield from _frozen_norm(f"{prefix}.bn{i}", after)
            if not block:
                yield f"{prefix}.downsample.0.weight", (4 * width, channels, 1, 1)
                yield from _frozen_norm(f"{prefix}.downsample.1", 4 * width)
            channels = 4 * width


def _frozen_norm(name: str, channels: int) -> Iterator[tuple[str, Shape]]:
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (channels,)
