"""Reports as values, and their text and JSON. Nothing here reads or changes a file.

summary      kept and dropped records, and facts about the result
label_shift  labels that a cut or another category list shifts, for each loader
explanation  one image through loaders, as a table
trace        the effect of each step of a plan
"""
