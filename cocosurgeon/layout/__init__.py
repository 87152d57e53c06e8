"""Where annotation files and images lie, as frameworks look for them.

wording     numbers and names in sentences
folders     what lies in folders, listed once
names       the names of images and panoptic PNGs in a file
places      where a file's images, and its PNGs, may lie
prefix      the folder that has most of them
finding     what is wrong, and what to do
kinds       instances, keypoints, panoptic, captions, ...
presence    how many of its images there are, and where
annotations  one annotation file: what it is, and whether its images are there
links       commands that make a folder known where it is looked for
frameworks  what stock configs and scripts name below a data root
stock       an annotation file's images, where stock configs look for them by its name
tree        folders: links that lead nowhere, wrong places, archives
layout      a data root checked
telling     a layout as text and as values
gathering   a subset with its images, to be carried away
placing     a tree that appears whole or not at all
"""
