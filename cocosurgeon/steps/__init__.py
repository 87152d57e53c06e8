"""Steps: the table of them, recipes, and names of files.

registry     the table of steps
given        options with their values, and the plan that they make
arguments    kinds of arguments
from_config  plans from keywords of a config
recipe       a plan and its source, saved and applied again
recipe_form  steps and filters as plain values
naming       names of the files that a plan writes
images       steps that keep some images, one file each
annotations  steps that keep some annotations, one file each
categories   steps that change categories, one file each
repairs      steps that repair records, one file each
"""
