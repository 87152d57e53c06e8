"""Files checked, verified and compared in Python, as the verbs of these names do.

files     lint_file and diff_files
verified  verify_file, and the effects of recipes and label spaces that verify needs
"""
