"""Dataset: an annotation file and the rows of it that are kept.

keys           ids as Python compares dictionary keys
ids            columns of ids; the distinct images of a file; random ranks by id
references     keys by which records name categories
index          images, annotations and categories of a file
placeholders   names of category entries that stand for no class
category_list  the category list as it will be written
order          numbers and shares of images, and their orders
mask           images or annotations that a filter, or a pandas Series, marks
items          images one by one, each with its annotations
dataset        Dataset
io             files read as datasets, datasets written to files
"""
