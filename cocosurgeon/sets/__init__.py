"""Sets of images made of one file, or of several.

split       what a file is split into, as it is asked for
stratify    distribution of images over parts by their objects of each class
cover       few images that have each class
sample      samples in which each class keeps its share
units       images of a dataset as what is distributed
parts       the parts of a dataset
report      images and objects of each part, by class
"""
