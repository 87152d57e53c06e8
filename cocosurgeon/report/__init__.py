"""What there is to tell: values, and their text and JSON. Nothing here reads or changes a file.

account      what a run kept and dropped, and what a reader of the result should know
explanation  what each step of a plan does, before anything is written
"""
