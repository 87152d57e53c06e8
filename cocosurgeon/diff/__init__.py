"""Two annotation files compared, record by record and value by value.

pairs    rows of two lists that are the same records
lists    images, categories and records of further lists that are the same in both
objects  values and boxes by which annotations are distinguished
ids      ids of what is in both
match    annotations that are the same in both
categories  categories that are known by their annotations
records  records decoded, and the values that differ
page     the difference as a page of HTML
report   the difference, for people and programs
run      the whole of diff
"""

from cocosurgeon.diff.run import diff as diff

__all__ = ["diff"]
