"""Main program: reads the request; writes the dump, or a line with the error."""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import traceback
from typing import Any, BinaryIO

from ..record import end_of, header_of, line_of, plain, text_hash
from . import packing
from .dataset import RealDataset
from .failure import Failure, stage

GRACE = 2.0
LONGEST = 10.0**7
"""Seconds after the limit until the program ends itself; and the longest limit of a timer."""


def main(request_path: str, out_path: str) -> int:
    """Answer a request, a JSON file; return 0 if the dump is whole."""
    # prints where the program is when it is killed
    faulthandler.enable()
    with open(request_path, encoding="utf-8") as stream:  # noqa: PTH123
        request = json.load(stream)
    limit = min(request["timeout"], LONGEST)
    faulthandler.dump_traceback_later(max(limit - 1, limit / 2))
    # if cocosurgeon is gone, the system still ends this program, even if it hangs
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit + GRACE)
    with open(out_path, "wb") as out:  # noqa: PTH123
        try:
            with stage("crash"):
                _answer(request, out)
        except Failure as failure:
            out.write(line_of(failure.line()))
            return 1
        except BaseException as error:
            traceback.print_exc()
            out.write(line_of(Failure("crash", str(error), type(error).__name__).line()))
            return 1
    return 0


def _answer(request: dict[str, Any], out: BinaryIO) -> None:
    script = importlib.import_module("." + request["script"], __package__)
    dataset: RealDataset = script.open_dataset(request)
    where = request["ann_file"] or request["config"]
    with stage("dataset", where=where):
        indices = _indices(dataset, request)
    packed: dict[int, Any] = {}
    of_pipeline: dict[str, Any] = {}
    if indices:
        packed, of_pipeline = packing.pack_all(dataset, indices, request)
    with stage("dataset", where=where):
        header = dict(dataset.header(), **of_pipeline)
        out.write(_header_line(header, request))
    instances = 0
    for index in range(len(dataset)):
        with stage("dataset", where=f"{where}, sample {index}"):
            sample = dataset.sample(index)
        if index in packed:
            sample["packed"] = packed[index]
        instances += len(sample["instances"])
        out.write(line_of(sample))
    out.write(line_of(end_of(len(dataset), instances)))


def _header_line(header: dict[str, Any], request: dict[str, Any]) -> bytes:
    path = header["ann_file"]
    header["sha256"] = text_hash(path) if os.path.isfile(path) else None  # noqa: PTH113
    header["ann_file"] = os.path.basename(path)  # noqa: PTH119
    options = dict(header.get("options", {}))
    if request["config"]:
        options["config"] = os.path.basename(request["config"])  # noqa: PTH119
        options["split"] = request["split"]
    header["options"] = packing.readable(options)
    return line_of(header_of(**plain(header)))


def _indices(dataset: RealDataset, request: dict[str, Any]) -> list[int]:
    """Return indices of the samples that go through the pipeline: those of named images, and the
    requested number at even distances."""
    total = len(dataset)
    count = min(request["samples"], total)
    indices = {index * total // count for index in range(count)}
    wanted = list(request["images"])
    if wanted:
        ids = [dataset.img_id(index) for index in range(total)]
        missing = [img_id for img_id in wanted if img_id not in ids]
        if missing and not request["pass_over"]:
            mode = dataset.header().get("mode")
            raise Failure(
                "request",
                f"the dataset does not load image {missing[0]!r}"
                + (f" in {mode} mode" if mode else ""),
                hint="it is not in the file, or a filter drops it: "
                f"`cocosurgeon explain ANN_FILE --image {missing[0]}` shows which",
            )
        indices.update(ids.index(img_id) for img_id in wanted if img_id in ids)
    return sorted(indices)
