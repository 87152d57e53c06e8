"""Counts of a file's content, as tables, text, JSON, a page and pictures.

objects     the objects of a dataset in columns: image, category, area, box
labels      the label of each category under each loader
fields      keys of records, types of ids, kinds of segmentations
statistics  all counts of one dataset
drift       shares of the classes in two files
report      counts as text and JSON values
page        counts as one page of HTML
plot        counts as a picture
"""
