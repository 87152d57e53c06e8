"""The mistakes of ``docs/mistakes.md``, made with the real library: the symptom, and ``verify``."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import SAMPLE
from mmdet_line import LINE_IDS, LINES, MMDET2, Line
from trained import VAL, Outcome, detections, document, laid_out, put, trained

from cocosurgeon import Empty, read, write

DOCUMENTED = Path(__file__).parents[2] / "docs/mistakes.md"
NOT_CORRESPONDING = "AssertionError: Results do not correspond to current coco set"
OUT_OF_RANGE = "IndexError: list index out of range"
NOTHING_LEFT = "ValueError: need at least one array to concatenate"
NO_META_FILE = "person is not a meta file, simply parsed as meta information"
NO_FILE = "FileNotFoundError: CocoDataset: [Errno 2] No such file or directory: 'person'"
NO_IMAGE = "FileNotFoundError: [Errno 2] No such file or directory: 'data/coco/train2017/"
NO_INDICES = "got an unexpected keyword argument 'indices'"


@dataclass(frozen=True)
class Mistake:
    """A config with one in it.

    Attributes:
        file: the annotation file that it was written for.
        text: its lines.
        found: what its detector finds.
        is_verified: whether ``verify`` is asked; it takes seconds.
        options: of ``verify``, further ones.
    """

    file: Path
    text: str
    found: Mapping[str, object]
    is_verified: bool = True
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """What came of a mistake.

    Attributes:
        outcome: of training and validation.
        code: the exit code of ``verify --config``; None where it was not asked.
        findings: of it.
    """

    outcome: Outcome
    code: int | None
    findings: list[Mapping[str, Any]]

    @property
    def codes(self) -> set[str]:
        """Of the findings."""
        return {finding["code"] for finding in self.findings}

    @property
    def texts(self) -> list[str]:
        """Of the findings."""
        return mmdet_line.details({"findings": self.findings})


MadeBy = Callable[[Line], dict[str, Made]]


def only(folder: Path, *names: str) -> Path:
    """The sample data with these categories, as other tools cut it: the others are gone."""
    whole = document(SAMPLE)
    whole["categories"] = [c for c in whole["categories"] if c["name"] in names]
    ids = {c["id"] for c in whole["categories"]}
    whole["annotations"] = [a for a in whole["annotations"] if a["category_id"] in ids]
    return written(whole, folder / f"{'_'.join(names)}.json")


def own_names(folder: Path) -> Path:
    """The sample data with other names than COCO's."""
    whole = document(SAMPLE)
    whole["categories"] = [c | {"name": f"my {c['name']}"} for c in whole["categories"]]
    return written(whole, folder / "own.json")


def own_images(folder: Path) -> Path:
    """Images of one's own in a folder of their own, and their file."""
    whole = document(SAMPLE)
    (folder / "own2017").mkdir()
    for image in whole["images"]:
        name = f"own_{image['file_name']}"
        (folder / "own2017" / name).symlink_to(
            SAMPLE.parents[1] / "sample2017" / image["file_name"]
        )
        image["file_name"] = name
    return written(whole, folder / "own_images.json")


def written(value: Any, path: Path) -> Path:
    """A file with this value."""
    path.write_text(json.dumps(value))
    return path


def both(line: Line, file: Path, classes: str = "") -> str:
    """Training and validation by a file, the evaluator with them."""
    if line is MMDET2:
        same = f"dict(ann_file={str(file)!r}{f', classes={classes}' if classes else ''})"
        return f"data = dict(train={same}, val={same})"
    metainfo = f", metainfo=dict(classes={classes})" if classes else ""
    return (
        f"_same = dict(ann_file={str(file)!r}{metainfo})\n"
        "train_dataloader = dict(dataset=_same)\n"
        "val_dataloader = dict(dataset=_same)\n"
        f"val_evaluator = dict(ann_file={str(file)!r})"
    )


def mistakes(line: Line, folder: Path) -> dict[str, Mistake]:
    """All that can be made with a line."""
    perfect = detections(document(SAMPLE))
    first = write(read(SAMPLE).first(20), folder / "first.json")
    few, one, own = only(folder, "person", "dog", "tv"), only(folder, "person"), own_names(folder)
    hot_dogs = {
        name: [[*box, 0] for *box, label in rows if label == 52] for name, rows in perfect.items()
    }
    empty = write(read(SAMPLE).keep(Empty()), folder / "empty.json")
    images = own_images(folder)
    found = {
        "images": Mistake(images, both(line, images), {}, options=("--samples", "1")),
        "filtered": Mistake(empty, both(line, empty), perfect, False),
        "none": Mistake(first, both(line, first), perfect),
        "few": Mistake(few, both(line, few), perfect),
        "few, learnt": Mistake(few, both(line, few), detections(document(few)), False),
        "own": Mistake(own, both(line, own), perfect),
        "no comma": Mistake(one, both(line, one, "('person')"), detections(document(one))),
    }
    if line is MMDET2:
        return found | {"indices": Mistake(SAMPLE, "data = dict(val=dict(indices=20))", perfect)}
    on_first = f"_dataloader = dict(dataset=dict(ann_file={str(first)!r}))\n"
    cut = "_dataloader = dict(dataset=dict(indices=20))\n"
    return found | {
        "evaluator": Mistake(first, f"train{on_first}val{on_first}", perfect),
        "dataset": Mistake(first, f"val_evaluator = dict(ann_file={str(first)!r})", perfect),
        "indices": Mistake(folder / VAL, f"train{cut}val{cut}", perfect),
        "no comma, two match": Mistake(SAMPLE, both(line, SAMPLE, "('hot dog')"), hot_dogs, False),
        "comma, one matches": Mistake(SAMPLE, both(line, SAMPLE, "('hot dog',)"), hot_dogs, False),
    }


def all_made(line: Line, folder: Path) -> dict[str, Made]:
    """Each mistake: trained and validated with, then verified."""
    mmdet_line.require(line.overlay)
    laid_out(line, folder)
    made = mistakes(line, folder)
    configs = {name: put(line, folder, name, m.text, m.found) for name, m in made.items()}
    outcomes = trained(line, folder, configs)

    def verified(name: str) -> Made:
        if not made[name].is_verified:
            return Made(outcomes[name], None, [])
        options = ("--config", configs[name], "--split", "val", *made[name].options)
        code, report = line.verified(made[name].file, *options)
        return Made(outcomes[name], code, report["findings"])

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # to which the stock configs' paths are relative
        return {name: verified(name) for name in made}


@pytest.fixture(scope="module")
def made_by(tmp_path_factory: pytest.TempPathFactory) -> MadeBy:
    """What came of the mistakes with a line; each is made once."""
    return functools.cache(lambda line: all_made(line, tmp_path_factory.mktemp(line.overlay)))


@pytest.fixture(params=LINES, ids=LINE_IDS)
def made(request: pytest.FixtureRequest, made_by: MadeBy) -> dict[str, Made]:
    """With each line."""
    return made_by(request.param)


@pytest.fixture
def made_2(made_by: MadeBy) -> dict[str, Made]:
    """With 2.x."""
    return made_by(MMDET2)


@pytest.fixture(params=LINES[1:], ids=LINE_IDS[1:])
def made_3(request: pytest.FixtureRequest, made_by: MadeBy) -> dict[str, Made]:
    """With 3.x, and with the fork."""
    return made_by(request.param)


def test_without_a_mistake(made: dict[str, Made]) -> None:
    assert (made["none"].outcome.error, made["none"].outcome.score) == (None, 1.0)
    assert (made["none"].code, made["none"].findings) == (0, [])


def test_the_evaluator_reads_the_full_file(made_3: dict[str, Made]) -> None:
    """What is not loaded counts as missed: of 1.0 a seventh is left."""
    made = made_3["evaluator"]
    assert made.outcome.error is None
    assert made.outcome.validated == made_3["none"].outcome.validated
    assert made.outcome.score == 0.151
    assert (made.code, made.codes) == (1, {"evaluator-file"})


def test_the_evaluator_reads_the_subset_and_the_loader_does_not(made_3: dict[str, Made]) -> None:
    made = made_3["dataset"]
    assert made.outcome.error == NOT_CORRESPONDING
    assert (made.code, made.codes) == (1, {"evaluator-file"})


def test_indices_cut_the_loader_alone(made_3: dict[str, Made]) -> None:
    made = made_3["indices"]
    assert made.outcome.error is None
    assert made.outcome.validated == made_3["none"].outcome.validated
    assert made.outcome.score == 0.151
    in_file = {image["file_name"] for image in document(SAMPLE)["images"][:20]}
    assert len(made.outcome.trained) == 20
    assert set(made.outcome.trained) != in_file  # one is empty, and filtered out before
    assert (made.code, made.codes) == (1, {"evaluator-indices"})
    assert made.texts == [
        "indices=20: the dataset returns 20 images of 128, the evaluator counts them all"
    ]


def test_the_folder_of_images_of_the_base_stays(made: dict[str, Made]) -> None:
    images = made["images"]
    assert NO_IMAGE in str(images.outcome.error)
    assert (images.code, images.codes) == (1, {"real-error"})
    assert "data/coco/val2017/own_" in images.texts[0]


def test_2_has_no_indices(made_2: dict[str, Made]) -> None:
    made = made_2["indices"]
    assert str(made.outcome.error).endswith(NO_INDICES)
    assert (made.code, made.codes) == (1, {"real-error"})


def test_three_categories_and_eighty_classes(made: dict[str, Made]) -> None:
    """A detector of COCO's 80 labels runs over the end of the three."""
    few = made["few"]
    assert {label for labels in few.outcome.trained.values() for label in labels} == {0, 1, 2}
    assert few.outcome.error == OUT_OF_RANGE
    assert (few.code, few.codes) == (1, {"classes-unfit"})
    assert few.texts == [
        "label 1 is 'bicycle' by the class names, and 'dog' in the file",
        "label 2 is 'car' by the class names, and 'tv' in the file",
        "the file has no category 'bicycle', 'car', 'motorcycle' and 74 more",
    ]


def test_one_that_has_learnt_the_shifted_labels_scores_as_if_nothing_were(
    made: dict[str, Made],
) -> None:
    learnt = made["few, learnt"]
    assert learnt.outcome.trained == made["few"].outcome.trained
    assert (learnt.outcome.error, learnt.outcome.score) == (None, 1.0)


def test_other_names_than_those_of_the_file(made: dict[str, Made]) -> None:
    own = made["own"]
    assert own.outcome.error == NOTHING_LEFT
    assert own.outcome.trained == {}
    assert (own.code, own.codes) == (1, {"classes-unfit", "nothing-loaded"})


def test_an_empty_only_file_that_is_filtered(made: dict[str, Made]) -> None:
    assert made["filtered"].outcome.error == NOTHING_LEFT


def test_3_takes_one_class_without_its_comma_for_letters(made_3: dict[str, Made]) -> None:
    """Where no other name stands within it, the score is right: only the log tells."""
    one = made_3["no comma"]
    assert (one.outcome.error, one.outcome.score) == (None, 1.0)
    assert NO_META_FILE in one.outcome.logged
    assert one.code == 1
    assert one.texts == ["classes is the text 'person', no list: 1 categories are within it"]


def test_3_takes_every_name_that_stands_within_it(made_3: dict[str, Made]) -> None:
    """A dog for a hot dog."""
    right, wrong = made_3["comma, one matches"], made_3["no comma, two match"]
    assert (right.outcome.error, right.outcome.score) == (None, 1.0)
    assert (wrong.outcome.error, wrong.outcome.score) == (None, 0.0)
    assert {label for labels in right.outcome.trained.values() for label in labels} == {0}
    assert {label for labels in wrong.outcome.trained.values() for label in labels} == {0, 1}


def test_2_takes_one_class_without_its_comma_for_a_file(made_2: dict[str, Made]) -> None:
    one = made_2["no comma"]
    assert one.outcome.error == NO_FILE
    assert (one.code, one.codes) == (1, {"real-error"})
    assert "classes is the text 'person', which 2.x reads as a file of names" in one.texts[0]


def test_the_documentation_tells_these_symptoms() -> None:
    text = DOCUMENTED.read_text()
    symptoms = (NOT_CORRESPONDING, OUT_OF_RANGE, NOTHING_LEFT, NO_META_FILE, NO_FILE, NO_INDICES)
    told = ("mAP 0.151", "`evaluator-file`", "`evaluator-indices`", "`classes-unfit`")
    assert [each for each in (NO_IMAGE, *symptoms, *told) if each not in text] == []
