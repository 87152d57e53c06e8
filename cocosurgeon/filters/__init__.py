"""Filters: questions about an image or about an annotation, to be combined with ``& | ~``.

``Filter[Image]`` asks about images, ``Filter[Annotation]`` about annotations; a mix is a type
error. ``Having`` lifts: images that have an annotation of which something holds.

A filter is a value that knows no file. Names and ids are looked up when a dataset is asked, and
one that its file does not have is an error. What is asked is what is kept by then: after
``InCategory("person")``, ``Empty()`` are the images without a person.

base         what a filter is, and how filters combine
categories   categories by name or id, in a file
images       filters of images
annotations  filters of annotations
"""

from cocosurgeon.filters.annotations import AnnotationWhere, Area, Crowd, InCategory
from cocosurgeon.filters.base import AnnotationFilter, Both, Filter, ImageFilter, Not
from cocosurgeon.filters.images import Empty, Having, Ids, ImageWhere, Names

__all__ = [
    "AnnotationFilter",
    "AnnotationWhere",
    "Area",
    "Both",
    "Crowd",
    "Empty",
    "Filter",
    "Having",
    "Ids",
    "ImageFilter",
    "ImageWhere",
    "InCategory",
    "Names",
    "Not",
]
