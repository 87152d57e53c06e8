"""Category ids and what they mean: label spaces, maps between them, changes of a file's ids.

A label space says which class each label number means.

policy          kinds and checks of what a change is asked for with; light to import
spaces          Space; the known ones, from spaces.txt and classes/; two compared
heads           rows of a classification head, from one space to another
category_map    CategoryMap: category id before -> after; maps in CSV and JSON files
inventory       the categories of a dataset, listed and used
guess           the spaces that a file fits, and the only one
check           two files compared: the same classes by the same ids
remap           Remapping: a change of ids and list, applied at once
by_names        ids by the file's own names: with_names, like
to_space        ids brought into a label space
edit            remap by a map, merge, rename, sort, renumber
"""
