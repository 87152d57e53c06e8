"""Ask the real library, and hold what it says against the rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cocosurgeon.cli.real import Real
from cocosurgeon.errors import LoaderError, ProbeError, RequestError
from cocosurgeon.loaders import load
from cocosurgeon.probe.dump import Dump
from cocosurgeon.probe.run import probe
from cocosurgeon.verify.evaluator import own_file_note
from cocosurgeon.verify.expected import class_names, expected_document
from cocosurgeon.verify.finding import Finding
from cocosurgeon.verify.packed import packed_alike
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.real import verify_real
from cocosurgeon.verify.settings import Mode, Setting, setting_of, settings_for
from cocosurgeon.verify.told import Told
from cocosurgeon.verify.verification import Verification

_TRAP = (
    "every image is left out by the filter of its training dataset: set "
    "filter_cfg=dict(filter_empty_gt=False, min_size=0) there"
)


@dataclass(frozen=True, eq=False)
class Case:
    """What is verified.

    Attributes:
        path, subset: the file, and what stands in it.
        source_path, source: what it was cut from; None where that was not named.
        told: what the recipe says of it.
    """

    path: Path
    subset: Reading
    source_path: Path | None
    source: Reading | None
    told: Told

    def found(
        self,
        compared: str | None = None,
        findings: tuple[Finding, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Verification:
        """A verification of it."""
        return Verification(self.subset.name, (compared,) if compared else (), findings, notes)


def by_setting(case: Case, real: Real, setting: Setting) -> Verification:
    """The real loader in a setting, against its rules."""
    try:
        dump = _asked(case, real, setting.loader, setting)
        return verify_real(case.subset, dump, setting).joined(_packed(case, real, dump, setting))
    except ProbeError as error:
        loader, mode = setting.loader, setting.mode
        if error.kind == "dataset" and _rules_say(case, setting) == error.exception:
            return case.found(f"the real {loader} ({mode}): {error.exception}, as its rules say")
        if not real.is_asked_for:
            note = f"the real {loader} is there, and could not be asked: {error.what}"
            return case.found(notes=(note.splitlines()[0],))
        return case.found(f"the real {loader}", (_raised(error, loader, mode),))


def by_config(case: Case, real: Real, line: str) -> tuple[Verification, Setting | None]:
    """The dataset of a config, against the rules of its loader; and how the config sets it up,
    None where it could not be built.

    Args:
        line: of MMDetection: ``mmdet3``, ``mmdet2``, or ``mmdet`` for the one that is there.
    """
    try:
        dump = _asked(case, real, line, None)
        setting = setting_of(dump.header)
        note = own_file_note(dump, case.path)
        found = verify_real(case.subset, dump, setting).joined(_packed(case, real, dump, None))
        return found.joined(case.found(notes=(note,) if note else ())), setting
    except ProbeError as error:
        mode: Mode = "train" if real.split == "train" else "test"
        finding = _raised(error, None, mode, hint=_hint_of_config(case, mode, error))
        return case.found(f"the dataset of {real.config}", (finding,)), None


def _asked(case: Case, real: Real, loader: str, setting: Setting | None) -> Dump:
    """What a real loader emits for the file.

    Raises:
        RequestError: what was asked for makes no sense.
        ProbeError: anything else went wrong.
    """
    try:
        return probe(real.request(case.path, loader, setting), real.python, real.timeout)
    except ProbeError as error:
        if error.kind in ("interpreter", "request"):
            raise RequestError(error.what, where=error.where, hint=error.hint) from error
        raise


def _packed(case: Case, real: Real, dump: Dump, setting: Setting | None) -> Verification:
    """What the pipeline makes of the images, against what it makes of the source's."""
    if not real.packs or case.source_path is None or case.source is None:
        return case.found()
    loader = str(dump.header.loader)
    ids = [s.img_id for s in dump.samples if s.packed is not None]
    text = f"{len(ids):,} images through the pipeline, as of the source"
    try:
        with _expected_file(case, case.source_path, case.source) as expected:
            request = real.request(expected, loader, setting, ids)
            there = probe(request, real.python, real.timeout)
    except ProbeError as error:
        if error.kind != "request":
            raise
        finding = Finding("packed", f"of the source: {error.what}", loader, dump.header.mode)
        return case.found(text, (finding,))
    return case.found(text, tuple(packed_alike(dump, there, loader)))


@contextmanager
def _expected_file(case: Case, path: Path, source: Reading) -> Iterator[Path]:
    """The source as it should be emitted, as a file: itself, where no recipe changes it."""
    if case.told.is_all:
        yield path
        return
    with TemporaryDirectory(prefix="cocosurgeon-") as folder:
        made = Path(folder) / "expected.json"
        made.write_text(json.dumps(expected_document(source, case.told)))
        yield made


def _rules_say(case: Case, setting: Setting) -> str | None:
    """What a loader raises by its rules; None: nothing."""
    try:
        load(setting.loader, case.subset.document(), setting.options)
    except LoaderError as error:
        return error.exception
    return None


def _raised(error: ProbeError, loader: str | None, mode: Mode, hint: str | None = None) -> Finding:
    where = f" (in {error.where})" if error.where else ""
    return Finding("real-error", f"{error.what}{where}", loader, mode, None, hint or error.hint)


def _hint_of_config(case: Case, mode: Mode, error: ProbeError) -> str | None:
    """What to do where a config's dataset raises: for a known reason, or another one."""
    if error.kind != "dataset":
        return None
    document = case.subset.document()
    for setting in settings_for("mmdet3", [mode], class_names(document)):
        try:
            load("mmdet3", document, setting.options)
        except LoaderError as expected:
            if expected.rule == "empty-dataset" and expected.exception == error.exception:
                return _TRAP
    return (
        "hold the arguments of the config's dataset against what that version takes, and against "
        "the file"
    )
