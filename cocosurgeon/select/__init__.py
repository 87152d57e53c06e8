"""Filters of images and of annotations, to be combined with ``& | ~``.

Names and ids are looked up when a dataset is asked, and one that its file does not have is an
error. What is asked is what is kept by then: after ``InCategory("person")``, ``Empty()`` are the
images without a person.

categories   categories by name or id, in a file
effective    images of which a loader has nothing to use
images       filters of images; ``Having`` makes one of a filter of annotations
annotations  filters of annotations
filter       what a filter is, and how filters combine
where        where expressions: columns and arithmetic, nothing else
plan         steps in order
"""
