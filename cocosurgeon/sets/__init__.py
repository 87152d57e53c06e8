"""Sets of images made of one file, or of several.

split         Split: the request for parts of a file
stratify      distribution of images over parts, by class
cover         few images that have each class
sample        samples in which each class keeps its share
units         images of a dataset, for distribution
parts         the parts of a dataset
report        images and objects of each part, by class
options       options of a merge
labels        names of merged files
id_change     new ids of the records of one file, and the old ones back
merged_file   a file during a merge
categories    categories of several files, united by their names
id_collisions ids that several files have
merged_text   text of a merged file
merge_entry   the sources of a merged file, stored in it
results       several results files as one
merge         several annotation files as one
sources       the records of each source of a merged file
"""
