"""RT-DETR v1 and v2 (PyTorch): CocoDetection, DETR's with labels by a table of COCO's categories.

Read, not run, in lyuwenyu/RT-DETR at 068dfde: v1 in ``rtdetr_pytorch/src/data/coco``, v2 in
``rtdetrv2_pytorch/src/data/dataset`` (its lines are in brackets). ``orig_size`` is (width, height).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cocosurgeon.loaders import derived, detr, torchvision
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import Loader, Mode
from cocosurgeon.loaders.view import Id, Rule, View, fail, failure

CATEGORY2LABEL: Mapping[int, int] = {cat_id: label for label, cat_id in enumerate(derived.COCO_IDS)}
"""``mscoco_category2label``: COCO's 80 ids, of 1 to 90, by their order."""

NOT_OF_COCO = "not-of-coco"


def rules(file: str, crowd: str, degenerate: str) -> tuple[Rule, ...]:
    """Return why annotations are dropped by a copy of DETR's conversion, by its file and lines."""
    return (
        replace(detr.CROWD, source=f"{file}:{crowd}"),
        replace(detr.DEGENERATE, source=f"{file}:{degenerate}"),
    )


def not_of_coco(source: str) -> Rule:
    """Return the rule that a category is not in the table."""
    return Rule(
        NOT_OF_COCO,
        "with remap_mscoco_category, its `category_id` is none of COCO's 80: KeyError",
        source,
    )


_FILE = "coco_dataset.py"
RULES = (SHADOWED, UNLISTED, *rules(_FILE, "97 [119]", "125 [148]"))
ERRORS = (
    *torchvision.ERRORS,
    *detr.conversion_errors(
        _FILE,
        img_id="93 [115]",
        bbox="99 [121]",
        box="101,125 [123,148]",
        cat_id="107,109 [130,132]",
        label="111 [134]",
        segmentation="114 [137]",
        mask="70 [93]",
        keypoints="119 [142]",
        keypoint="120,123 [143,146]",
        area="143 [166]",
    ),
    not_of_coco(f"{_FILE}:107 [130]"),
)


@dataclass(frozen=True)
class Options(detr.Options):
    """CocoDetection's ``img_folder``, ``return_masks`` and ``remap_mscoco_category``.

    The last one is False by itself, and True in the configurations for COCO
    (``configs/dataset/coco_detection.yml:4``, v2 ``:14``), which are the usual ones.
    """

    remap_mscoco_category: bool = False

    @classmethod
    def usual(cls, mode: Mode, classes: Sequence[str]) -> Options:
        return cls(remap_mscoco_category=True)

    @classmethod
    def every_image(cls, classes: Sequence[str]) -> Options:
        return cls()

    @property
    def names_hint(self) -> str:
        return NAMES_HINT


NAMES_HINT = (
    "for other categories than COCO's, turn remap_mscoco_category off: "
    "`--option remap_mscoco_category=false`"
)
TRAPS = {NOT_OF_COCO: NAMES_HINT}


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what RT-DETR loads from a parsed file; see ``registry.load``."""
    index = indexed(document)
    items = detr.integer_items(torchvision.items(index, options.img_folder))
    remaps = options.remap_mscoco_category
    return remapped(LOADER.name, index, items, only, remaps, options.return_masks)


def remapped(
    name: str,
    index: Index,
    items: Iterable[detr.Item],
    only: Collection[Id | None] | None,
    remaps: bool,
    return_masks: bool = False,
) -> View:
    """Return what is made of items.

    Args:
        name: of the loader.
        remaps: whether labels are those of the table; else they are category ids.
    """
    labels = _labels_by_table if remaps else detr.category_ids
    prepare = detr.preparation(return_masks, labels)
    samples, dropped = detr.converted(index, items, only, detr.conversion(prepare))
    cat2label: dict[Id, int] = {}
    if remaps:
        listed = {c["id"] for c in index.categories or ()}
        cat2label = {cat_id: n for cat_id, n in CATEGORY2LABEL.items() if cat_id in listed}
    return View(
        loader=name,
        classes=derived.COCO if remaps else (),
        cat_ids=tuple(cat2label),
        cat2label=cat2label,
        box_format="xyxy",
        single=True,
        samples=samples,
        dropped=dropped,
    )


def _labels_by_table(kept: detr.Kept) -> list[int]:
    labels = []
    for (row, ann), cat_id in zip(kept, detr.column(kept, "category_id"), strict=True):
        try:
            labels.append(CATEGORY2LABEL[cat_id])
        except KeyError:
            what = (
                f"the category_id {cat_id!r} is none of COCO's 80: "
                "turn remap_mscoco_category off for other categories"
            )
            fail("KeyError", NOT_OF_COCO, what, f"annotations[{row}]")
        except TypeError as error:
            raise failure(error, "annotations", row, ann, ["category_id"]) from error
    return labels


LOADER = Loader(
    name="rtdetr",
    title="RT-DETR v1 and v2, CocoDetection",
    version="068dfde",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    object_fields=("keypoints",),
    order="id",
    image_root="img_folder",
    traps=TRAPS,
    is_width_first=True,
)
