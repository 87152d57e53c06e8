"""The command line: one file a verb. Parse, call, print, exit code.

app         the verbs, put together
subset      keep some images and annotations
empty_only  keep the images without objects
apply       repeat a recipe
ending      how a verb ends: messages and exit codes
ordered     options in the order in which they were written
options     what verbs share: the options, and that they tell their errors
filtering   the filter options of ``subset``, and the steps that they stand for
where       what a ``--where`` expression asks about
lists       ids and names as text
source      which annotation file is meant when none is named
writing     where a result goes, and how it gets there
voice       what is said: lines, JSON, progress bars
run         read, apply, write, account
"""
