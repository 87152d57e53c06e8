"""Category ids and what they mean: named spaces, maps between them, and what changes a file's ids.

space           Space: what each index means
table           the spaces that are known, from spaces.txt and classes/
category_map    CategoryMap: category id before -> after
map_files       maps in CSV and JSON files
relabel         a dataset with other category ids
entries         the entries of a category list after a map
source_space    the space that a file is in
steps           remapping as steps of a plan
agreement       where two spaces agree, class by class
guess           which spaces a file could be in
check           whether two files mean the same by the same ids
heads           rows of a classification head, from one space to another
metainfo        what a framework's config says of a file's categories
"""
