"""One example for each public name, run by make_reference.py, which prints them in api.md.

Each is run after ``from cocosurgeon import *`` and ``START``, in a new folder. Steps that are not
here get the Python form of docs/steps.md.
"""

from __future__ import annotations

START = """\
from pathlib import Path

full = read("instances_sample2017.json")
other = full.first(9)"""

EXAMPLES: dict[str, dict[str, str]] = {
    "Files": {
        "read": 'print(read("instances_sample2017.json"))',
        "write": 'print(write(full.first(10), "ten.json"))',
        "Dataset": 'print(full.keep(Having(InCategory("dog"))).first(2), len(full))',
        "AnnotatedImage": (
            "image, annotations = full[0]  # an AnnotatedImage\n"
            'print(image["file_name"], len(annotations))'
        ),
        "summarize": 'print(*summarize(full.first(10)).lines(), sep="\\n")',
        "Summary": "print(summarize(full.first(10)).images)",
        "Stats": "print(Stats(full).categories.shape, full.stats().categories.shape)",
    },
    "Plans": {
        "Plan": "print(Plan(~Empty(), First(50)).apply(full))",
        "Step": "print(isinstance(First(3), Step), First(3).apply(full))",
        "Keep": "print(Plan(Keep(Crowd())).apply(full))",
        "Filter": "print(isinstance(Crowd(), Filter), Crowd() | Area(max=100))",
        "ImageFilter": "print(isinstance(Empty(), ImageFilter), isinstance(Crowd(), ImageFilter))",
        "AnnotationFilter": "print(isinstance(Crowd(), AnnotationFilter))",
        "Image": "print(issubclass(ImageFilter, Filter), Image.__doc__)",
        "Annotation": "print(issubclass(AnnotationFilter, Filter), Annotation.__doc__)",
        "trace_plan": 'print(*trace_plan(Plan(First(5), Empty()), full).lines()[:4], sep="\\n")',
        "PlanTrace": "print(trace_plan(Plan(First(5)), full).result)",
        "Recipe": (
            "recipe = Recipe.of(Plan(First(5)), full)\n"
            'print(Path("r.json").write_bytes(recipe.to_json()) > 0, recipe.plan)'
        ),
        "read_recipe": 'print(read_recipe("r.json").apply(full))',
    },
    "Categories": {
        "Category": "print(full.categories[0])",
        "CategoryMap": "print(CategoryMap({1: 0, 3: 2, 90: None}).get(3))",
        "read_map": (
            'Path("map.csv").write_text("before,after\\n1,0\\n")\nprint(read_map("map.csv").get(1))'
        ),
        "check_categories": "print(check_categories(full, other).lines()[-1])",
        "Space": 'print(find_space("detr91").class_of(18))',
        "find_space": 'print(find_space("detr91").outputs)',
        "spaces": "print(list(spaces())[:3])",
        "compare_spaces": (
            'print(compare_spaces(find_space("mmdet80"), find_space("detr91")).lines()[-1])'
        ),
        "head_rows": 'print(head_rows("detr92", "mmdet81").rows[-2:])',
        "HeadRows": 'print(head_rows("mmdet80", "detr91").unfilled[12])',
    },
    "Parts": {
        "split": 'print(split(full, sizes=(100, "rest")))',
        "Split": "print(Split(ratios=(0.8, 0.2), stratify=True))",
        "SplitReport": (
            "parts = split(full, (0.8, 0.2))\n"
            "report = SplitReport.of(full, Split(ratios=(0.8, 0.2)), parts)\n"
            'print(report.parts["val"].images, report.apart)'
        ),
    },
    "Other formats": {
        "convert_to": (
            'done = convert_to(full.first(5), "csv", "five.csv", allow_loss=True)\n'
            'print(*done.losses["train"], sep="\\n")'
        ),
        "convert_from": 'print(len(convert_from("five.csv", "csv").annotations))',
        "Conversion": "print(type(done), list(done.parts))",
    },
    "Pictures": {
        "show_images": "print(show_images(full.first(2)).img_ids)",
        "show_panels": 'print(show_panels(full, 289338, {"detr": {}, "mmdet3": {}}).img_ids)',
    },
    "Steps and filters": {
        "Cascade": 'print(Cascade("captions"))',
        "MergeWith": 'print(MergeWith(paths=("other.json",)))',
        "Classes": (
            'plan = Plan(Classes(("person", "dog"), unmapped="drop"))\n'
            "print(plan.apply(full).categories)"
        ),
        "FileNames": 'print(FileNames(["000000114743.jpg"]))',
        "Ids": "print(Plan(Ids([114743, 388483])).apply(full))",
        "Like": "print(Plan(Like.of(other)).apply(full).categories[1])",
        "Remap": 'print(Plan(Remap(CategoryMap({90: 91}, "keep"))).apply(full).categories[-1])',
        "AnnotationWhere": 'print(full.keep(AnnotationWhere("area < 1024")))',
        "Merge": 'print(Plan(Merge("vehicle", ("car", "bus"))).apply(full).categories[2])',
        "Rename": 'print(Plan(Rename("tv", "screen")).apply(full).categories[62])',
        "ToSpace": 'print(Plan(ToSpace("mmdet80")).apply(full).categories[-1])',
        "Having": 'print(full.keep(Having(InCategory("dog") & Area(min=400))))',
        "PerClass": "print(Plan(PerClass(1)).apply(full))",
    },
    "Errors": {
        "CocosurgeonError": 'raise_by(lambda: full.keep(InCategory("persn")))',
        "RequestError": "raise_by(lambda: full[::-1])",
        "UnknownNameError": 'raise_by(lambda: full.keep(Having(InCategory("persn"))))',
        "UnknownIdError": "raise_by(lambda: full.keep(Ids([1])))",
        "LevelError": "raise_by(lambda: Empty() & Crowd())",
        "ExpressionError": "raise_by(lambda: ImageWhere('open(1)'))",
        "SourceUnavailableError": "raise_by(lambda: read('missing_annotations.json'))",
        "OutputError": "raise_by(lambda: write(full, 'map.csv'))",
        "DataError": "raise_by(lambda: read_text('{'))",
        "EncodingError": 'raise_by(lambda: read_text(b\'{"images": [], "x": "\\xe9"}\'))',
        "FormatError": "raise_by(lambda: read_text(''))",
        "JSONSyntaxError": 'raise_by(lambda: read_text(\'{"images": [{"id": 1,}]}\'))',
        "StructureError": "raise_by(lambda: read_text('{\"images\": 1}'))",
        "SourceChangedError": "print(issubclass(SourceChangedError, DataError))",
        "LoaderError": (
            "from cocosurgeon.loaders import load\n\n"
            "raise_by(lambda: load('yolox', {'images': [{'id': 1}], 'categories': []}))"
        ),
        "ProbeError": "print(ProbeError('no interpreter', kind='missing').kind)",
    },
}
