"""Ultralytics: the conversion to label files, and their data.yaml."""

from __future__ import annotations

from collections import Counter

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import load
from cocosurgeon.loaders import ultralytics as loader
from cocosurgeon.snippet import comments
from cocosurgeon.snippet.source import Snippet, SnippetSource
from cocosurgeon.text import plural

_NUMBER = "number the categories from 1: cocosurgeon remap FILE --renumber --start 1"
_TABLE = (
    "# The default, cls91to80=True, is COCO's table: convert_coco raises IndexError for a category "
    "id above 91, TypeError for 0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83 and 91, and gives each "
    "other id the label of the COCO class that has it."
)
_IDS = "# With cls91to80=False a label is the category id - 1, and category 0 becomes -1."
_CONVERT = """
# convert_coco reads each .json file of a folder: this one has no other.
folder = Path({folder!r}).absolute()  # a new one
(folder / 'json').mkdir(parents=True)
(folder / 'json/instances_all.json').symlink_to(ann_file)
convert_coco(str(folder / 'json'), str(folder / 'data'), cls91to80={table})
# The images of this file, and no others of their folder.
(folder / 'data/images/all').symlink_to(img_folder)
images = json.loads(Path(ann_file).read_text(encoding='utf-8'))['images']
names = dict.fromkeys(f"./images/all/{{image['file_name']}}\\n" for image in images)
(folder / 'data/all.txt').write_text(''.join(names), encoding='utf-8')
"""
_YAML = """data = {'path': str(folder / 'data'), 'names': classes}
data |= {'train': 'all.txt', 'val': 'all.txt'}
YAML.save(folder / 'data/data.yaml', data)  # for YOLO(...).train(data=...)"""

_NOT_NAMED = {True: "No validation set is named: val", False: "No training set is named: train"}
_PART = """# The snippet of the other set, run in the same folder, puts its images into this file.
data_yaml = Path('ultralytics_data.yaml').absolute()  # for YOLO(...).train(data=...)
listed = str(folder / 'data/all.txt')
data = {{'names': classes, 'train': listed, 'val': listed}}
if data_yaml.exists():
    data = YAML.load(data_yaml)
    if data['names'] != classes:
        raise ValueError(f'{{data_yaml}} has other classes: move it away')
data |= {{{split!r}: listed}}
YAML.save(data_yaml, data)
print(data_yaml, 'train:', data['train'], 'val:', data['val'])"""


def write(source: SnippetSource) -> Snippet:
    """Write the lines that convert, and those that write data.yaml.

    Raises:
        RequestError: no annotations, a category without a label, or absolute file names.
    """
    if not source.is_annotated:
        raise RequestError(
            "No annotations: convert_coco raises KeyError without a list of them",
            where=source.ann_file,
            hint="predict on the folder of the images: YOLO(...).predict(FOLDER)",
        )
    if not source.img_prefix:
        raise RequestError(
            "file names are absolute: convert_coco would write labels next to the images, where "
            "training does not look for them",
            where=source.ann_file,
            hint="write names relative to one folder",
        )
    table = comments.is_of_coco(source)
    view = load("ultralytics", source.index, loader.Options(cls91to80=table))
    for category in source.categories:
        label = view.cat2label.get(category.id) if category.id is not None else None
        if label is None or not 0 <= label < len(view.classes):
            raise RequestError(
                f"category id {category.id!r} gives no label that data.yaml can name",
                where=source.ann_file,
                hint=_NUMBER,
            )
    # a part of a pair shares data.yaml with the other part, whose file may have the same name
    is_part = source.is_trained != source.is_evaluated
    folder = "_".join(("ultralytics", source.stem, *(source.splits if is_part else ())))
    unused = view.classes.count("")
    classes = [name or f"unused_{label}" for label, name in enumerate(view.classes)]
    lines = comments.code(
        comments.LoaderCounts.of(view).summary(source, "Ultralytics"),
        "import json\nfrom pathlib import Path\n",
        "from ultralytics.data.converter import convert_coco",
        "from ultralytics.utils import YAML\n",
        f"ann_file = {source.ann_file!r}",
        f"img_folder = {source.img_prefix!r}",
        _TABLE,
        not table and _IDS,
        _CONVERT.format(folder=folder, table=table).strip("\n"),
        "# By label, in the order of the conversion.",
        comments.about_names(source),
        unused > 0
        and f"# {plural(unused, 'label')} without a category: data.yaml needs a name for each.",
        f"classes = [\n{comments.items(map(repr, classes))}\n]",
        is_part
        and f"# {_NOT_NAMED[source.is_trained]} is the same images until its own snippet has run.",
        _PART.format(split="train" if source.is_trained else "val") if is_part else _YAML,
    )
    lost = Counter(d.rule for d in view.dropped if d.kind == "image")
    what = {rule.name: rule.what for rule in loader.RULES}
    notes = [f"not loaded: {plural(n, 'image')}: {rule}, {what[rule]}" for rule, n in lost.items()]
    return Snippet(lines, tuple(notes))
