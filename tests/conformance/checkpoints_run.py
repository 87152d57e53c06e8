"""Checkpoints by the real torch, MMEngine and safetensors; run where they are installed.

    python checkpoints_run.py make FOLDER     # prints the tensors of each file that it makes
    python checkpoints_run.py load FILE...    # prints the tensors of each file
    python checkpoints_run.py tied FILE       # prints the names of tensors at one address

A tensor is its type, shape and the SHA-256 of its bytes. All is JSON. Nothing of cocosurgeon is
imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]

TYPES = (
    *("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"),
    *("float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "complex64", "complex128"),
    *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"),
)
NEWER = ("float8", "uint64", "uint32", "uint16")
"""Types that torch before 1.6 did not have."""


def described(state: Any) -> dict[str, Any]:
    return {
        key: [
            str(tensor.dtype).removeprefix("torch."),
            list(tensor.shape),
            hashlib.sha256(
                tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            ).hexdigest(),
        ]
        for key, tensor in state.items()
    }


def every_type() -> Any:
    raw = torch.randint(0, 2, (96,), dtype=torch.uint8)
    wide = torch.randint(0, 256, (96,), dtype=torch.uint8)
    return {t: (raw if t == "bool" else wide).clone().view(getattr(torch, t)) for t in TYPES}


def views() -> Any:
    data = torch.arange(120.0)
    weight = torch.nn.Parameter(torch.randn(3, 4))
    weight.note = "an attribute"  # saved by another function of torch
    plain = torch.randn(2, 2)
    plain.note = "an attribute"
    return {
        "transposed": data.reshape(10, 12).t(),
        "part": data[7:60:5],
        "block": data.reshape(10, 12)[2:5, 3:9],
        "last": data.reshape(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "permuted": data.reshape(2, 3, 4, 5).permute(3, 1, 0, 2),
        "scalar": data[5],
        "empty": data[:0].reshape(0, 3),
        "tied": data.reshape(10, 12).t(),
        "parameter": weight,
        "plain": plain,
        "half of it": data[60:],
        "expanded": data[3:8].expand(7, 5),
    }


def trained(folder: str) -> None:
    """Train with MMEngine for two epochs, with an average of the weights."""
    from mmengine.model import BaseModel  # type: ignore[import-not-found,unused-ignore]
    from mmengine.runner import Runner  # type: ignore[import-not-found,unused-ignore]

    class Model(BaseModel):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(4)
            self.fc_cls = torch.nn.Linear(4, 80)

        def forward(self, x: Any, mode: str = "loss") -> Any:
            return {"loss": self.fc_cls(self.norm(x)).square().sum()}

    class Data(torch.utils.data.Dataset):  # type: ignore[misc,unused-ignore]
        metainfo = {"classes": ("a", "b")}  # noqa: RUF012

        def __len__(self) -> int:
            return 8

        def __getitem__(self, place: int) -> Any:
            return {"x": torch.randn(4)}

    Runner(
        model=Model(),
        work_dir=folder,
        train_dataloader={
            "dataset": Data(),
            "batch_size": 4,
            "sampler": {"type": "DefaultSampler"},
            "collate_fn": {"type": "default_collate"},
        },
        train_cfg={"by_epoch": True, "max_epochs": 2},
        optim_wrapper={"type": "OptimWrapper", "optimizer": {"type": "AdamW", "lr": 1e-3}},
        param_scheduler={"type": "MultiStepLR", "milestones": [1]},
        custom_hooks=[{"type": "EMAHook"}],
        log_level="ERROR",
    ).train()


def make(folder: str) -> dict[str, Any]:
    torch.manual_seed(0)
    os.chdir(folder)
    states = {"types.pth": every_type(), "views.pth": views()}
    for name, state in states.items():
        torch.save(state, name)
    torch.save(states["views.pth"], "protocol4.pth", pickle_protocol=4)
    old = {k: v for k, v in {**states["types.pth"], **states["views.pth"]}.items()
           if not k.startswith(NEWER)}  # fmt: skip
    torch.save(old, "legacy.pth", _use_new_zipfile_serialization=False)
    states |= {"protocol4.pth": states["views.pth"], "legacy.pth": old}

    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(1, 3, 5, 5)).square().sum().backward()
    optimizer.step()
    state = torch.nn.DataParallel(model).state_dict()
    rng = {"rng_state": torch.get_rng_state(), "args": __import__("argparse").Namespace(lr=1)}
    torch.save({"model": state, "optimizer": optimizer.state_dict(), "epoch": 3, **rng}, "run.pth")
    states["run.pth"] = state

    torch.save(model, "module.pth")
    torch.save({"turned": torch.ones(2, dtype=torch.complex64).conj()}, "conjugate.pth")
    torch.save({"wide": torch.ones(1).expand(1 << 27)}, "expanded.pth")
    torch.jit.save(torch.jit.script(model), "script.pth")

    trained("work")
    states["work/epoch_2.pth"] = torch.load("work/epoch_2.pth", weights_only=False)["state_dict"]
    return {name: described(state) for name, state in states.items()}


def load(names: list[str]) -> dict[str, Any]:
    found = {}
    for name in names:
        if name.endswith(".safetensors"):
            from safetensors.torch import load_file  # type: ignore[import-not-found,unused-ignore]

            found[name] = described(load_file(name))
            continue
        for mmap in (False, True):
            state = torch.load(name, weights_only=True, mmap=mmap)
            found[f"{name} mapped" if mmap else name] = described(state.get("state_dict", state))
    return found


def tied(name: str) -> list[list[str]]:
    groups: dict[int, list[str]] = {}
    for key, tensor in torch.load(name, weights_only=True).items():
        groups.setdefault(tensor.untyped_storage().data_ptr(), []).append(key)
    return [keys for keys in groups.values() if len(keys) > 1]


def save(folder: str) -> dict[str, Any]:
    """Write every type that safetensors has by its own library."""
    from safetensors.torch import save_file

    state = {k: v for k, v in every_type().items() if k != "complex128"}
    name = os.path.join(folder, "real.safetensors")  # noqa: PTH118
    save_file(state, name, metadata={"format": "pt"})
    return {name: described(state)}


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    answers: dict[str, Any] = {"make": make, "save": save, "tied": tied}
    print(json.dumps(load(rest) if kind == "load" else answers[kind](*rest)))
