"""Category ids and what they mean: named spaces, maps between them, and what changes a file's ids.

space           Space: what each index means
table           the spaces that are known, from spaces.txt and classes/
agreement       where two spaces agree, class by class
heads           rows of a classification head, from one space to another
category_map    CategoryMap: category id before -> after
map_files       maps in CSV and JSON files
inventory       the categories of a dataset, listed and used
guess           which spaces a file could be in
source_space    the space that a file is in, when it has to be one
check           whether two files mean the same by the same ids
entries         the entries of a category list after a map
relabel         a dataset with other category ids
to_space        the step into a named space
by_names        steps that go by the file's own names
edit            steps that edit the list
metainfo        what a framework's config says of a file's categories
"""
