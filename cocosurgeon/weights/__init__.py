"""Checkpoints: their names, shapes and values, read without running any code of theirs.

    from cocosurgeon.weights.checkpoint import read_checkpoint
    from cocosurgeon.weights.write import write_checkpoint

    checkpoint = read_checkpoint("detr-r50.pth")
    shapes = {name: tensor.shape for name, tensor in checkpoint.tensors.items()}
    write_checkpoint("detr-r50.safetensors", checkpoint.tensors.values())

    from cocosurgeon import weights

    weights.rename("detr-r50.pth", "detr-mmdet3", "detr91.pth", like="keys.json")
    weights.head("detr91.pth", "detr92", "mmdet81", "detr80.pth")
    weights.wash("epoch_12.pth", "detector.safetensors")
    weights.diff("detr80.pth", "reference.pth").is_difference

dtypes           types of elements, and the values of floats that numpy lacks
tensor           a tensor: its name, type, shape, and its bytes on demand
views            storages of a checkpoint, and tensors that are views of them
inert            names that a pickle may have, and what stands for each
unpickle         an interpreter of pickles that runs no code
read_pth         files of torch.save
read_safetensors the header of a .safetensors file, checked
checkpoint       a checkpoint: its state dicts and what else is in it
heads            classification heads, and the label spaces of their rows
wrappers         prefixes of wrappers, and copies of the weights
contents         a checkpoint as a report
washed           a checkpoint without what only training needs
difference       differences between two checkpoints
write            a checkpoint, written whole or not at all
write_pth        a zip as torch.save writes it
name_table       tables of parameter names, read in both directions
origins          origins of tensors under new names, and their bytes
name_moves       keys under the names of a table, and what would not come back
expected_keys    keys and shapes that a model expects, compared as load_state_dict does
class_rows       rows of classes, from one numbering to another
head_moves       classification heads, moved to other classes
steps            steps that change a checkpoint, and their reports
recipe           the JSON that steps are applied from again
change           rename, head, apply: a checkpoint read, changed and written
maps             the tables that are installed
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cocosurgeon.weights.change import apply as apply
    from cocosurgeon.weights.change import head as head
    from cocosurgeon.weights.change import rename as rename
    from cocosurgeon.weights.difference import diff as diff
    from cocosurgeon.weights.washed import wash as wash

_MODULES = {
    "apply": "change",
    "diff": "difference",
    "head": "change",
    "rename": "change",
    "wash": "washed",
}


def __getattr__(name: str) -> object:
    """Fetch a function when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
