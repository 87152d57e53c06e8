"""Sets of images made of one file, or of several.

split       what a file is split into, as it is asked for
stratify    distribution of images over parts by their objects of each class
cover       few images that have each class
sample      samples in which each class keeps its share
units       images of a dataset as what is distributed
parts       the parts of a dataset
report      images and objects of each part, by class
options     how files are merged
labels      names of the files that are merged
id_change   new ids of the records of one file, and back
merged_file a file that is merged, and what becomes of its records
categories  categories of several files, united by their names
id_collisions   ids that several files have
merged_text text of a merged file
merge       several annotation files as one
results     several results files as one
merge_entry the entry of a merged file about the files that it was made of
sources     the records of each source of a merged file
"""
