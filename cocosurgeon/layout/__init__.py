"""Annotation files and their images on disk, as frameworks look for them.

folders     listings of folders, each made once
names       names of images and PNGs in an annotation file, and the kind of the file
search      folders that may have a file's images or PNGs, and the one that has most
presence    an annotation file, with its present and missing images
kinds       programs that write or read a tree: Roboflow, CVAT, Ultralytics, MMDetection
tree        folders of a data root: broken links, wrong places, archives; paths of frameworks
check       a data root, checked
gather      files to copy for a subset with its images
copy_tree   a new tree of these files, which appears whole or not at all
new_folder  a new folder that appears whole
report      layouts and copies as text and as JSON values
"""
