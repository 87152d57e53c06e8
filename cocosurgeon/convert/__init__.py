"""Conversion: from COCO to another format and back, with a list of what is lost.

lump        images with their annotations as JSON text, which another process decodes
pictures    images of a dataset with their objects
checks      what cannot be converted
adapt       crowds as wanted, boxes cut off at the edge
losses      what a format cannot hold, counted
manifest    what a conversion did, for the way back
conversion  datasets that are ready to be written, and what that loses
new_manifest    the manifest of a conversion that was written
write       a dataset in another format
opening     datasets of other formats, opened as if they were annotation files
records     records of images that were read, with ids as a manifest says
read        a dataset of another format as an annotation file
"""
