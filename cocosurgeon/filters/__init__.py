"""Filters of images and of annotations, to be combined with ``& | ~``.

Names and ids are looked up when a dataset is asked, and one that its file does not have is an
error. What is asked is what is kept by then: after ``InCategory("person")``, ``Empty()`` are the
images without a person.

categories   categories by name or id, in a file
effective    images of which a loader has nothing to use
images       filters of images; ``Having`` makes one of a filter of annotations
annotations  filters of annotations
"""

from cocosurgeon.filters.annotations import AnnotationWhere, Area, Crowd, InCategory
from cocosurgeon.filters.images import Empty, Having, Ids, ImageWhere, Names

__all__ = [
    "AnnotationWhere",
    "Area",
    "Crowd",
    "Empty",
    "Having",
    "Ids",
    "ImageWhere",
    "InCategory",
    "Names",
]
