"""Category ids and their meanings: label spaces, maps between them, changes of a file's ids.

A label space says which class each label number means.

policy          types and checks of arguments; light to import
spaces          label spaces, from spaces.txt and classes/, and their comparison
category_map    CategoryMap: category id before -> after; maps in CSV and JSON files
heads           rows of a classification head, from one label space to another
inventory       the categories of a dataset, listed and used
guess           the label spaces that a file fits
check           the categories of two files compared
remap           Remapping: a change of ids and category list
by_names        ids by category names: a list of names, or another file's
to_space        ids of a label space
edit            remap by a map, merge, rename, sort, renumber
"""
