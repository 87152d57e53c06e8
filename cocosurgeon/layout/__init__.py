"""Annotation files and their images on disk, as frameworks look for them.

finding     something wrong with a data folder, and words for it
folders     listings of folders, each made once
names       names of images and PNGs in an annotation file, and its kind
search      folders that may hold a file's images or PNGs, and the one that has most of them
presence    an annotation file with the images that exist and that are missing
kinds       who writes or reads a tree: Roboflow, CVAT, Ultralytics, MMDetection
tree        folders of a data root: broken links, wrong places, archives; what frameworks open
check       a data root, checked
gather      files to copy for a subset with its images
copy_tree   a new tree of these files, made whole or not at all
report      layouts and copies as text and as JSON values
new_folder  a folder that appears whole, or is there already
"""
