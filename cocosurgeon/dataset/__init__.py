"""Dataset: an annotation file and the rows of it that are kept.

ids            which records are one image, which image owns which annotation
references     by which keys records name categories
index          what a file holds: images, annotations, categories
placeholders   names of category entries that stand for no class
category_list  the category list as it will be written
keys           ids as Python compares dictionary keys
order          numbers and shares of images, and their orders
lots           a random order of images that ids and a seed decide
mask           which images or annotations a filter, or a pandas Series, marks
items          images one by one, each with its annotations
dataset        Dataset
io             files to datasets, and back
"""
