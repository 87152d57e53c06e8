"""Two annotation files compared, record by record and value by value.

pairs       rows of two lists that are the same records
lists       matches of images, categories and records of further lists
objects     values and boxes by which annotations are compared
match       matches of annotations
categories  matches of categories by their annotations
ids         ids of matched images and categories
records     records decoded, and values that differ
report      the difference, as text and as JSON values
page        the difference, as a page of HTML
run         diff as a whole
"""

from cocosurgeon.diff.run import diff as diff

__all__ = ["diff"]
