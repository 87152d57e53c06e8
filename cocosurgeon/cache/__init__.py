"""Subsets that are kept: built once, by one of many processes, and found again.

place       the folder in which they are kept
notes       small JSON files that say something about others
contents    what files hold, remembered by what the system says of them
entry       one subset that is kept: its files, its name, how it got there
alone       one process at a time
drafts      files of an entry that take their places together
build       the subset, made and put into its place
keeping     the subset of a file: the one that is kept, else a new one
class_names  class names of a file, remembered
stock       all that a folder keeps: listed, and cleared
saying      what is said on stderr
"""
