"""One example for each public name, run by make_reference.py, which prints them in api.md.

Each is run after ``from cocosurgeon import *`` and ``START``, in a new folder. Steps that are not
here get the Python form of docs/steps.md.
"""

from __future__ import annotations

START = """\
import json
from pathlib import Path

full = read("sample_data/annotations/instances_sample2017.json")
other = full.first(9)"""

EXAMPLES: dict[str, dict[str, str]] = {
    "Files": {
        "read": 'print(read("sample_data/annotations/instances_sample2017.json"))',
        "write": 'print(write(full.first(10), "ten.json", force=True))',
        "Dataset": 'print(full.keep(Having(InCategory("dog"))).first(2), len(full))',
        "AnnotatedImage": (
            "image, annotations = full[0]  # an AnnotatedImage\n"
            'print(image["file_name"], len(annotations))'
        ),
        "summarize": 'print(*summarize(full.first(10)).lines(), sep="\\n")',
        "Summary": "print(summarize(full.first(10)).images)",
        "Stats": "print(Stats(full).categories.shape, full.stats().categories.shape)",
    },
    "Checks": {
        "lint_file": 'print(lint_file("ten.json", ignore=["boxes", "category-unused"]))',
        "LintReport": (
            'report = lint_file("ten.json", loader="yolox")\n'
            "print(report.is_failure(strict=True), len(report.tallies))"
        ),
        "verify_file": (
            'source = "sample_data/annotations/instances_sample2017.json"\n'
            'print(verify_file("ten.json", source))'
        ),
        "Verification": (
            'print(verify_file("ten.json", source, loader="detr").status(strict=False))'
        ),
        "Finding": (
            'found = verify_file("ten.json", source, classes=["dog"]).findings\n'
            "print(found[0].code if found else found)"
        ),
        "diff_files": 'print(diff_files(source, "ten.json", only="images"))',
        "Difference": 'print(diff_files(source, "ten.json").is_difference)',
    },
    "Plans": {
        "Plan": "print(Plan(~Empty(), First(50)).apply(full))",
        "Step": "print(isinstance(First(3), Step), First(3).apply(full))",
        "Keep": "print(Plan(Keep(Crowd())).apply(full))",
        "Filter": "print(isinstance(Crowd(), Filter), Crowd() | Area(max=100))",
        "ImageFilter": "print(isinstance(Empty(), ImageFilter), isinstance(Crowd(), ImageFilter))",
        "AnnotationFilter": "print(isinstance(Crowd(), AnnotationFilter))",
        "Image": (
            "def count_images(filter: Filter[Image]) -> int:\n"
            "    return len(full.keep(filter))\n\n\n"
            "print(count_images(Empty()))"
        ),
        "Annotation": (
            "def count_objects(filter: Filter[Annotation]) -> int:\n"
            "    return len(full.keep(filter).ann_ids)\n\n\n"
            "print(count_objects(Crowd()))"
        ),
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
        "Split": "print(Split(folds=2).names)",
        "SplitReport": (
            "parts = split(full, (0.8, 0.2))\n"
            "report = SplitReport.of(full, Split(ratios=(0.8, 0.2)), parts)\n"
            'print(report.parts["val"].images, report.apart)'
        ),
    },
    "Other formats": {
        "convert_to": (
            'done = convert_to(full.first(5), "csv", "five.csv", allow_loss=True, force=True)\n'
            'print(*(loss.what for loss in done.losses["train"]), sep="\\n")'
        ),
        "convert_from": 'print(len(convert_from("five.csv", "csv").annotations))',
        "Conversion": "print(done.kind, done.datasets)",
    },
    "Pictures": {
        "show_images": "print(show_images(full.first(2)).img_ids)",
        "show_panels": 'print(show_panels(full, 289338, {"detr": {}, "mmdet3": {}}).img_ids)',
    },
    "Steps and filters": {
        "Cascade": (
            'images = [{"id": 1}, {"id": 2}]\n'
            'captions = [{"image_id": 1, "caption": "a"}, {"image_id": 2, "caption": "b"}]\n'
            'Path("captions.json").write_text(\n'
            '    json.dumps({"images": images, "annotations": [], "captions": captions})\n'
            ")\n"
            'result = Plan(First(1), Cascade("captions")).apply(read("captions.json"))\n'
            'print(b"".join(result.text()).decode())'
        ),
        "MergeWith": (
            'write(full.skip(10), "rest.json", force=True)\n'
            'print(Plan(MergeWith(paths=("rest.json",))).apply(read("ten.json")))'
        ),
        "DropUnused": "print(len(Plan(First(10), DropUnused()).apply(full).categories))",
        "Flat": "print(full.to_coco().cats[1], Plan(Flat()).apply(full).to_coco().cats[1])",
        "Renumber": "print(Plan(Renumber()).apply(full).categories[0])",
        "Shift": "print(Plan(Shift(1)).apply(full).categories[0])",
        "SortCategories": 'print(Plan(SortCategories(by="name")).apply(full).categories[0])',
        "Prefix": 'print(Plan(Prefix("val2017/")).apply(full)[0].image["file_name"])',
        "StripFolder": (
            'print(Plan(Prefix("val2017/"), StripFolder()).apply(full)[0].image["file_name"])'
        ),
        "Fix": (
            'annotation = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [0, 0, 2, 3]}\n'
            'faulty = {"images": [{"id": 7}], "annotations": [annotation], "categories": []}\n'
            'Path("faulty.json").write_text(json.dumps(faulty))\n'
            'print(Plan(Fix(["area-missing"])).apply(read("faulty.json"))[0].annotations)'
        ),
        "Classes": (
            'plan = Plan(Classes(("person", "dog"), unmapped="drop"))\n'
            "print(plan.apply(full).categories)"
        ),
        "FileNames": 'print(full.keep(FileNames(["000000114743.jpg"])).img_ids)',
        "Ids": "print(Plan(Ids([114743, 388483])).apply(full))",
        "License": "print(full.keep(~License(1)))",
        "Like": (
            'like = Like.of(Plan(ToSpace("mmdet80")).apply(other))\n'
            "print(Plan(like).apply(full).categories[1])"
        ),
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
        "SourceChangedError": (
            'one = read(write(full.first(1), "one.json", force=True))\n'
            'Path("one.json").write_text("{}")\n'
            'raise_by(lambda: b"".join(one.text()))'
        ),
        "LoaderError": (
            "from cocosurgeon.loaders import load\n\n"
            "raise_by(lambda: load('yolox', {'images': [{'id': 1}], 'categories': []}))"
        ),
        "ProbeError": "print(ProbeError('no interpreter', kind='missing').kind)",
    },
}
