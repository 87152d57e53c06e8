"""A result against its source, a loader against another; no code is shared with ``annfile/``.

relevant       the part of a source that decides about a subset
read_again     a file as the standard library reads it, with the text of each record
id_changes     category ids in the text of a record
repairs        the source as repairs should leave it
values         JSON values compared, and their differences named
annotations    annotations against those of the source, and the order of records
categories     the category list against that of the source
records        all records of a file against those of its source
expected       the source as it should be loaded
class_names    class names that somebody chose against those of a file
usability      values that are there and cannot be used
drops          annotations that a loader drops: faults of the file, and others
loader_output  what a loader loads from the subset against what it loads from the source
verification   what was compared, by which rules, and what does not hold
masks          masks as bitmaps
boxes          boxes as absolute corners, and pairs of boxes
packed         what a real pipeline makes of images
real           what a real loader loaded against its rules
configuration  a config against itself: evaluator, images, the model's outputs
real_library   the real library, as it is asked
rule_outcomes  what a loader's rules make of each record
against        two loaders of one file, and the rules that explain their differences
run            the whole of verify
"""
