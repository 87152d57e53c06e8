"""Reports as values, and their text and JSON. Nothing here reads or changes a file.

summary      what a run kept and dropped, and what a reader of the result should know
label_shift  labels that a cut shifts, for loaders that number the categories in use
explanation  one image through loaders as a table
trace        what each step of a plan does, before anything is written
"""
