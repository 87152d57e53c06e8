"""A result compared with its source, a loader with another one; no code is shared with ``annfile``.

values         JSON values compared, and their differences
read_again     a file read by the standard library, with the text of each record
relevant       the part of a source that matters for a subset
id_changes     category ids in the text of a record
expected       the source with the changes of a recipe
repairs        the source with the repairs of a recipe
annotations    annotations, compared with those of the source, and the order of records
categories     the category list, compared with that of the source
records        all records of a file, compared with those of its source
class_names    chosen class names, compared with those of a file
drops          annotations that a loader drops: faults of the file, and others
usability      values that cannot be used
loader_output  the output of a loader for the subset, compared with that for the source
verification   the result: comparisons, rules and findings
masks          masks as bitmaps
boxes          boxes as absolute corners, and pairs of boxes
packed         the output of a real pipeline
real           the output of a real loader, compared with its rules
configuration  a config, checked for consistency: evaluator, images, outputs of the model
real_library   runs of the real library
rule_outcomes  the outcome of a loader's rules for each record
against        two loaders of one file, and the rules that explain their differences
run            verify as a whole
"""
