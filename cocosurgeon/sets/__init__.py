"""Sets of images made of one file, or of several.

stratify    distribution of images over parts by their objects of each class
cover       few images that have each class
units       images of a dataset as what is distributed
"""
