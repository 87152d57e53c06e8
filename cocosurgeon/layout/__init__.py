"""Where annotation files and images lie, as frameworks look for them.

folders     what lies in folders, listed once
prefix      the image folder that belongs to an annotation file
finding     what is wrong, and what to do
names       the names of images and panoptic PNGs in a file
kinds       instances, keypoints, panoptic, captions, ...
presence    how many of its images there are, and where
annotations  one annotation file: what it is, and whether its images are there
frameworks  what stock configs and scripts name below a data root
tree        folders: links that lead nowhere, wrong places, archives
layout      a data root checked
telling     a layout as text and as values
gathering   a subset with its images, to be carried away
placing     a tree that appears whole or not at all
"""
