"""What kind of annotation file a file is."""

from __future__ import annotations

from cocosurgeon.dataset.index import AnnotationIndex


def kind_of(index: AnnotationIndex) -> str:
    """The kind, told by the keys of the first record of its lists."""
    if index.is_results:
        return "results"
    annotations, images = index.annotation_records, index.image_records
    keys = frozenset(annotations.first_keys()) if annotations is not None else frozenset()
    of_images = frozenset(images.first_keys()) if images is not None else frozenset()
    if "segments_info" in keys:
        return "panoptic"
    if "videos" in index.document.lists:
        return "video"
    if of_images & {"not_exhaustive_category_ids", "neg_category_ids"}:
        return "LVIS"
    if "caption" in keys:
        return "captions"
    if "keypoints" in keys:
        return "keypoints"
    if not keys:
        return "image info"
    ids = [category.id for category in index.categories]
    if ids and all(isinstance(i, int) and 91 < i < 184 for i in ids):
        return "stuff"
    return "instances"
