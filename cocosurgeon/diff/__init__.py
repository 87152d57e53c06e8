"""Two annotation files compared, record by record and value by value.

match    records that are the same in both
records  records decoded, and the values that differ
page     the difference as a page of HTML
report   the difference, for people and programs
run      the whole of diff
"""

from cocosurgeon.diff.run import diff as diff

__all__ = ["diff"]
