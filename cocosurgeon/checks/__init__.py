"""Files checked, verified and compared in Python, as the verbs of these names do.

files     lint_file and diff_files, and names that are given as one text or as several
verified  verify_file, and what verify is told by the code that writes files
"""
