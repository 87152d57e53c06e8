"""The verifier: every fault is found by its code, and nothing is found in faithful subsets."""

from __future__ import annotations

import gzip
import json
import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, THOROUGH, examples, wild_files
from faults_made import FAULTS, PLANNED, RESPELLED
from generated import LAYOUTS, Made, Writer, annotation_files, results_files
from hypothesis import given
from naive import same
from odd_documents import changed_usual, documents
from rawtext import records
from test_laws import opened, text_of
from test_remap import category_ids

from cocosurgeon import (
    Crowd,
    Dataset,
    Empty,
    First,
    Having,
    Ids,
    InCategory,
    Like,
    Plan,
    Remap,
    SortCategories,
    ToSpace,
    read,
)
from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.checks.verified import expectation_of
from cocosurgeon.errors import (
    DataError,
    FormatError,
    LoaderError,
    RequestError,
    SourceUnavailableError,
)
from cocosurgeon.findings.codes import CODES
from cocosurgeon.findings.finding import of_image
from cocosurgeon.lint.run import lint_codes
from cocosurgeon.loaders import LOADERS, load
from cocosurgeon.loaders.loader import Mode
from cocosurgeon.loaders.settings import settings_for
from cocosurgeon.parity.codes import PARITY_CODES
from cocosurgeon.steps.recipe import RecipeEffect
from cocosurgeon.verify.expected import Expectation, class_names, expected_document
from cocosurgeon.verify.id_changes import Renumbering
from cocosurgeon.verify.read_again import PlainFile, read_again
from cocosurgeon.verify.verification import Verification, verify_copy, verify_loader

MODES: tuple[Mode, ...] = ("train", "test")
BY_OTHERS = {
    *("real-error", "real-differs", "packed", "unexplained", "augmented"),
    *("classes-unfit", "evaluator-file", "evaluator-indices", "evaluator-missing"),
    *("evaluator-absent", "num-classes", "image-files"),
    *("classes-default", "annotation-shadowed", "info-missing", "image-dropped"),
    *("value-unusable", "rle-unusable", "polygon-unusable"),
    *("image-repeated", "category-repeated", "category-nameless"),
    *("category-id", "category-name", "category-missing"),
    *PARITY_CODES,
    *(name for name, code in CODES.items() if code.group == "folders"),
}
"""Codes that other modules make: what asks real loaders, reads dumps, checks folders, and compares
recorded training steps."""
UNPLANNED = {"image-unplanned", "annotation-added", "instance-added", "sample-added"}
"""Those of an image that the recipe does not keep, with its annotations."""


def read_text(text: bytes, name: str = ".json") -> PlainFile:
    with tempfile.NamedTemporaryFile(suffix=name) as file:
        file.write(text)
        file.flush()
        return read_again(Path(file.name))


def expected_of(result: Dataset) -> Expectation:
    return expectation_of(RecipeEffect.of(result))


def verified(
    subset: PlainFile, source: PlainFile, told: Expectation, loader: str = "mmdet3"
) -> Verification:
    return verify_copy(subset, source, told).joined(loaded(loader, subset, source, told))


def loaded(loader: str, subset: PlainFile, source: PlainFile, told: Expectation) -> Verification:
    classes = class_names(expected_document(source, told))
    return verify_loader(settings_for(loader, MODES, classes), subset, source, told)


def codes(found: Verification) -> set[str]:
    return {f.code for f in found.findings if f.severity == "error"}


# ---- faults


@dataclass(frozen=True)
class Faithful:
    """A source, and a faithful subset of it.

    Attributes:
        text: that of the subset.
        told: what the recipe says.
    """

    source: PlainFile
    text: str
    told: Expectation

    def changed(self, change: Callable[[Any], object]) -> str:
        """The subset's text with a change of what is parsed: every value that is in the subset
        as it is keeps its text, up to records and top-level values."""
        doc = json.loads(self.text)
        texts: dict[str, str] = {}
        for key, value in doc.items():
            if isinstance(value, list):
                raw = records(self.text, key)
                texts |= {json.dumps(r): t for r, t in zip(value, raw, strict=True)}
        texts[json.dumps(doc["info"])] = self.source.others["info"]
        change(doc)

        def text(value: object) -> str:
            if isinstance(value, list):
                return f"[{', '.join(map(text, value))}]"
            dumped = json.dumps(value)
            return texts.get(dumped, dumped)

        return f"{{{', '.join(f'{json.dumps(k)}: {text(v)}' for k, v in doc.items())}}}"


@pytest.fixture(scope="module")
def faithful(tmp_path_factory: pytest.TempPathFactory) -> Faithful:
    """The sample in a layout that ``json.dumps`` would not write, and its first 40 images."""
    path = tmp_path_factory.mktemp("faithful") / "source.json"
    path.write_text(Writer(random.Random(1), LAYOUTS[1]).text(json.loads(SAMPLE.read_text())))
    kept = read(path).first(40)
    return Faithful(read_again(path), text_of(kept).decode(), expected_of(kept))


def found_in(text: str, faithful: Faithful, told: Expectation) -> Verification:
    return verified(read_text(text.encode()), faithful.source, told)


def test_the_subset_that_faults_are_put_into_is_faithful(faithful: Faithful) -> None:
    for text in (faithful.text, faithful.changed(lambda doc: None)):
        for told in (Expectation(), faithful.told):
            assert found_in(text, faithful, told).findings == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str, faithful: Faithful) -> None:
    text = faithful.changed(FAULTS[name].change)
    found = found_in(text, faithful, Expectation())
    assert codes(found) == FAULTS[name].codes, "\n".join(found.lines("me", strict=False))
    assert found_in(text, faithful, faithful.told).findings


@pytest.mark.parametrize("name", PLANNED)
def test_a_fault_is_found_by_who_knows_the_recipe(name: str, faithful: Faithful) -> None:
    text = faithful.changed(PLANNED[name].change)
    assert found_in(text, faithful, Expectation()).findings == ()
    assert codes(found_in(text, faithful, faithful.told)) == PLANNED[name].codes


@pytest.mark.parametrize("name", RESPELLED)
def test_another_text_of_the_same_is_found(name: str, faithful: Faithful) -> None:
    text = str(RESPELLED[name].change(faithful.text))
    assert json.loads(text) == json.loads(faithful.text)
    for told in (Expectation(), faithful.told):
        assert codes(found_in(text, faithful, told)) == RESPELLED[name].codes


def test_an_image_that_the_recipe_does_not_keep_is_found(faithful: Faithful) -> None:
    whole = read(faithful.source.name)
    told = expected_of(whole.first(39))
    last = whole.first(40).img_ids[-1]
    found = found_in(faithful.text, faithful, told).findings
    assert {f.code for f in found} == UNPLANNED
    assert {f.record for f in found if f.code != "annotation-added"} == {of_image(last)}


def test_each_code_is_made_here() -> None:
    tables = (FAULTS, PLANNED, RESPELLED)
    made = {code for table in tables for fault in table.values() for code in fault.codes}
    of_lint = set(lint_codes()) - made
    assert made | UNPLANNED == CODES.keys() - BY_OTHERS - of_lint
    assert sum(map(len, tables)) >= 40


def test_a_fault_is_found_in_a_remapped_file(tmp_path: Path) -> None:
    kept = ToSpace("mmdet80").apply(read(SAMPLE).first(40))
    text, source, told = text_of(kept).decode(), read_again(SAMPLE), expected_of(kept)
    assert not verified(read_text(text.encode()), source, told).findings
    assert {"annotation-category", "category-changed"} <= codes(
        verified(read_text(text.encode()), source, Expectation())
    )
    wrong = text.replace('"category_id": 0,', '"category_id": 1,', 1)
    assert codes(verified(read_text(wrong.encode()), source, told)) == {
        "annotation-category",
        "label-shift",
    }


def test_findings_are_told_in_full_then_counted(faithful: Faithful) -> None:
    text = faithful.changed(FAULTS["categories_of_annotations_shifted_by_one"].change)
    lines = found_in(text, faithful, Expectation()).lines("me", strict=False)
    assert lines[0].split() == ["code", "severity", "count", "loaders"]
    assert lines[1].split() == ["annotation-category", "error", "187", "-"]
    lines = lines[lines.index("") + 1 :]
    assert lines[0] == f"error: annotation-category: {CODES['annotation-category'].meaning} (187)"
    assert lines[6:8] == ["  ... 182 more", f"  next: {CODES['annotation-category'].next}"]
    assert re.match(r"failed \S+: \d+ errors; compared 40 images", lines[-1])


def test_no_findings_are_one_line_that_says_what_was_compared(faithful: Faithful) -> None:
    *notes, line = found_in(faithful.text, faithful, Expectation()).lines("me", strict=False)
    assert notes == [
        "mmdet3 train: 2 images are skipped by filter_empty_gt: 52154, 12515",
        "mmdet3: 1 annotation is skipped by tiny: 701175",
    ]
    for part in ("verified", "40 images", "187 annotations", "byte for byte", "rules of 3.3.0"):
        assert part in line


# ---- faithful subsets


SUBSETS = {
    "all": Plan(),
    "first": Plan(First(40)),
    "ids": Plan(Ids([52154, 8434, 114743])),
    "having": Plan(Having(InCategory("person", "dog")), First(9)),
    "annotations dropped": Plan(~Crowd(), ~Empty()),
    "only one category": Plan(InCategory("person")),
    "detr91": Plan(First(40), ToSpace("detr91")),
    "mmdet80": Plan(First(40), ToSpace("mmdet80")),
    "sorted": Plan(First(40), SortCategories("name")),
    "like": Plan(ToSpace("detr91"), First(7), Like.of(read(SAMPLE))),
}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", SUBSETS)
def test_a_faithful_subset_has_no_findings(name: str, loader: str) -> None:
    if not THOROUGH and (list(LOADERS).index(loader) + list(SUBSETS).index(name)) % 3:
        pytest.skip("every third loader for each subset; all of them in a thorough run")
    kept = SUBSETS[name].apply(read(SAMPLE))
    found = _findings_of(kept, read_again(SAMPLE), expected_of(kept), loader)
    if loader == "detectron2":  # which takes no `ignore`, and one annotation of the sample has it
        found = [text for text in found if not text.endswith("on the source, too")]
    assert found == []


@pytest.mark.parametrize("name", ["all", "first", "ids", "having"])
def test_who_knows_no_recipe_has_none_either(name: str) -> None:
    kept = SUBSETS[name].apply(read(SAMPLE))
    assert _findings_of(kept, read_again(SAMPLE), Expectation()) == []


def test_a_subset_that_train_mode_leaves_out_wholly_is_faithful_and_told() -> None:
    kept = read(SAMPLE).keep(Empty())
    source = read_again(SAMPLE)
    found = loaded("mmdet3", read_text(text_of(kept)), source, expected_of(kept))
    assert found.findings == ()
    [filtered] = found.skipped
    assert (filtered.kind, filtered.mode, filtered.rule) == ("image", "train", "filter_empty_gt")
    assert filtered.ids == tuple(kept.img_ids)
    assert "train 0 samples (10 skipped, so it raises ValueError), 0 objects" in found.compared[0]
    assert any("filter_empty_gt=False, min_size=0" in note for note in found.notes)


def _findings_of(
    kept: Dataset, source: PlainFile, told: Expectation, loader: str | None = "mmdet3"
) -> list[str]:
    subset = read_text(text_of(kept))
    found = verify_copy(subset, source, told)
    if loader:
        found = found.joined(loaded(loader, subset, source, told))
    return [f"{f.code} {f.mode} {f.message}" for f in found.findings if f.severity == "error"]


@cache
def reading_of(path: Path) -> PlainFile | None:
    try:
        return read_again(path)
    except DataError:
        return None


GOOD = [path for path in wild_files() if reading_of(path)]


def halves(path: Path) -> list[Dataset]:
    """The first half of the images, and every second one; one at least."""
    whole = read(path)
    every_second = [i for i in whole.img_ids[::2] if i is not None]
    return [whole.first((len(whole.img_ids) + 1) // 2), whole.keep(Ids(every_second))]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_wild_subsets_are_copies(path: Path) -> None:
    source = reading_of(path)
    assert source is not None
    for kept in halves(path):
        for told in (Expectation(), expected_of(kept)):
            assert _findings_of(kept, source, told, None) == []


@pytest.mark.parametrize("loader", ["mmdet3", "detr"])
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_wild_subsets_are_emitted_as_their_sources(path: Path, loader: str) -> None:
    if not THOROUGH and (GOOD.index(path) + (loader == "detr")) % 2:
        pytest.skip("one of the two for each file; both in a thorough run")
    source = reading_of(path)
    assert source is not None
    try:
        for mode in MODES:
            load(loader, source.document(), LOADERS[loader].options.usual(mode, ()))
    except LoaderError as error:
        pytest.skip(f"{loader} raises on it: {error.what}")
    for kept in halves(path):
        found = _findings_of(kept, source, Expectation(), loader)
        if path.stem == "mixed_str_int_image_id":  # half of it has no annotation that matches
            found = [text for text in found if "train ValueError (empty-dataset)" not in text]
        assert found == []


def test_subsets_of_odd_documents_are_emitted_as_their_sources() -> None:
    """Files with every rule and trap of the loaders in them. Not those with annotation ids that
    repeat: there another image's record may speak for this one's, and does no longer in a subset.
    """
    compared = dict.fromkeys(LOADERS, 0)

    def faithful(document: Any) -> None:
        text = json.dumps(document).encode()
        try:
            whole, source = opened(text), read_text(text)
            every_second = whole.keep(Ids([i for i in whole.img_ids[::2] if i is not None]))
        except DataError:
            return  # a list of it is none, or not of records
        repeat = len(set(whole.ann_ids)) < len(whole.ann_ids)
        if whole.index.is_results or repeat or None in whole.img_ids:
            return
        # these ask for the annotations of int(id): of another image, where ids are text
        of_integers = ("yolox", "deim", "dfine")
        loaders = [n for n in LOADERS if n not in of_integers or _has_whole_ids(document)]
        if len(_file_names(whole)) < len(whole.img_ids):  # an image has the objects of another
            loaders = [n for n in loaders if not LOADERS[n].mixes_records]
        for kept in (whole.first(3), every_second):
            subset = read_text(text_of(kept))
            for loader in loaders:
                found = loaded(loader, subset, source, Expectation())
                compared[loader] += not codes(found)
                assert codes(found) <= {"loader-error"}, (loader, found.findings)

    for document in changed_usual()[:: 1 if THOROUGH else 9]:
        faithful(document)  # hypothesis would print each of them first
    examples(60)(given(documents())(faithful))()
    assert min(compared.values()) > (50 if THOROUGH else 15), compared


def _file_names(dataset: Dataset) -> set[object]:
    records = dataset.index.image_records
    return set() if records is None else set(map(repr, records.column("file_name").array.tolist()))


def _has_whole_ids(document: Any) -> bool:
    ids = [i.get("id") for i in document.get("images", ())]
    ids += [a.get("image_id") for a in document.get("annotations", ())]
    return all(isinstance(i, (int, float)) and i == i // 1 for i in ids)


@given(annotation_files)
@examples(200)
def test_made_subsets_are_copies(made: Made) -> None:
    kept = made.plan.apply(opened(made.text))
    assert _findings_of(kept, read_text(made.text), expected_of(kept), None) == []


@given(results_files)
@examples(50)
def test_subsets_of_made_detections_are_copies(made: Made) -> None:
    kept = made.plan.apply(opened(made.text))
    source = read_text(made.text)
    assert _findings_of(kept, source, expected_of(kept), None) == []
    subset = read_text(text_of(kept))
    found = loaded("mmdet3", subset, source, Expectation())
    assert found.findings == ()
    assert sum("not-an-object" in note for note in found.notes) == 2


# ---- reading


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_wild_file_is_read_as_json_reads_it(path: Path) -> None:
    found = reading_of(path)
    assert found is not None
    _require_equal(found, json.loads(path.read_bytes()))


@given(annotation_files)
@examples(100)
def test_a_made_file_is_read_as_json_reads_it(made: Made) -> None:
    _require_equal(read_text(made.text), made.doc)
    _require_equal(read_text(gzip.compress(made.text), ".json.gz"), made.doc)


def _require_equal(found: PlainFile, doc: Any) -> None:
    assert same(found.document(), doc)
    for key, rows in found.lists.items():
        assert same([json.loads(r.text) for r in rows], doc[key] if key else doc)
        assert [r.row for r in rows] == list(range(len(rows)))
    for key, text in found.others.items():
        assert same(json.loads(text), doc[key])


@given(annotation_files)
@examples(200)
def test_what_json_cannot_read_is_no_file(made: Made) -> None:
    """Texts with a byte lost, doubled or turned, and cut ones."""
    rng = random.Random(made.text)
    at = rng.randrange(len(made.text))
    before, after = made.text[:at], made.text[at + 1 :]
    byte = made.text[at : at + 1]
    for text in (before, before + after, before + byte + byte + after, before + b"]" + after):
        try:
            doc = json.loads(text.decode("utf-8-sig"))
        except ValueError:
            with pytest.raises(DataError):
                read_text(text)
        else:
            assert same(read_text(text).document(), doc)


def test_a_key_twice_is_its_last_value() -> None:
    text = '{"a": [{"id": 1}], "b": 1, "a": 2, "c": 3, "c": [{}], "images": [{"id": 1, "id": 2}]}'
    found = read_text(text.encode())
    _require_equal(found, json.loads(text))
    assert found.keys == ("a", "b", "c", "images")
    assert found.lists["images"][0].text == '{"id": 1, "id": 2}'


def test_what_is_not_wanted_whole_is_read_without_its_masks(faithful: Faithful) -> None:
    told: list[tuple[int, int]] = []
    path = Path(faithful.source.name)
    found = read_again(
        path,
        lambda done, of: told.append((done, of)),
        lambda key, _, record: key != "annotations" or record["category_id"] == 1,
    )
    for record, whole in zip(
        found.lists["annotations"], faithful.source.lists["annotations"], strict=True
    ):
        if whole.value["category_id"] == 1:
            assert record == whole
        else:
            assert record.text == ""
            assert record.value == {k: v for k, v in whole.value.items() if k != "segmentation"}
    assert found.lists["images"] == faithful.source.lists["images"]


@pytest.mark.parametrize("text", [b"", b" ", b"5", b'"a"', b"null", b"[1", b"\xff{}", b"[" * 9999])
def test_what_is_no_annotation_file_is_no_file(text: bytes) -> None:
    with pytest.raises(DataError):
        read_text(text)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(SAMPLE.read_bytes())
    broken = whole[:200] + bytes(100) + whole[300:]
    path = tmp_path / "in.json.gz"
    with pytest.raises(SourceUnavailableError, match="cannot read the file"):
        read_again(path)
    for text in (whole[:2000], broken):
        path.write_bytes(text)
        with pytest.raises(FormatError, match="the gzip data is damaged"):
            read_again(path)


# ---- renumbering


@given(annotation_files)
@examples(200)
def test_ids_are_renumbered_as_a_remap_writes_them(made: Made) -> None:
    """Random maps, that merge and drop, too."""
    whole = opened(made.text)
    source = read_text(made.text)
    rng = random.Random(made.text)
    numbers = [i for i in category_ids(whole) if not isinstance(i, str)]
    for targets in ([0, 5, 18], [0, 5, 18, None], [*numbers, 1000, 10**20]):
        table = {i: rng.choice(targets) for i in category_ids(whole)}
        try:
            kept = Remap(CategoryMap(table)).apply(whole)
        except RequestError:
            continue  # it drops what cannot be dropped
        told, text = expected_of(kept), text_of(kept).decode("utf-8-sig")
        for key in source.lists.keys() - {"categories"}:
            rows = range(len(source.lists[key]))
            stay = [r for r in rows if key != "annotations" or r in (told.annotation_rows or ())]
            expected = [told.renumbering.text(source.lists[key][r]) for r in stay]
            assert records(text, key) == expected


RENUMBERED = [
    ('{"category_id": 1}', '{"category_id": 7}'),
    ('{"category_id": 1.0}', '{"category_id": 7.0}'),
    ('{ "category_id" :1.0e0 }', '{ "category_id" :7.0e0 }'),
    ('{"category_id": "1"}', '{"category_id": "x"}'),
    ('{"category_id": 3}', '{"category_id": 3}'),
    ('{"category_id": 1, "category_id": 1}', '{"category_id": 1, "category_id": 7}'),
    ('{"category\\u005fid": 1}', '{"category\\u005fid": 7}'),
    ('{"a": {"category_id": 1}, "b": "\\"category_id\\": 1"}', None),
    ('{"category_id": [1]}', None),
    ('{"category_id": null}', None),
    ("{}", None),
    ('{"segments_info": [{"category_id": 1}, {}, 1, {"category_id":\n1}]}',
     '{"segments_info": [{"category_id": 7}, {}, 1, {"category_id":\n7}]}'),
    ('{"neg_category_ids": [1,  3, 1]}', '{"neg_category_ids": [7,  3, 7]}'),
    ('{"category_ids": [ 9, 1, 2, 3 ]}', '{"category_ids": [ 7, 3 ]}'),
    ('{"neg_category_ids": [9]}', '{"neg_category_ids": []}'),
    ('{"neg_category_ids": [ ]}', None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), RENUMBERED)
def test_only_category_ids_are_renumbered(before: str, after: str | None) -> None:
    """1 and 2 become 7, "1" becomes "x", 9 goes."""
    record = read_text(f"[{before}]".encode()).lists[""][0]
    renumbering = Renumbering({1: 7, 2: 7, "1": "x", 9: None})
    assert renumbering.text(record) == (after or before)
