"""The command line: one file a verb. Parse, call, print, exit code.

app        the verbs, put together
ending     how a verb ends: messages and exit codes
ordered    options in the order in which they were written
options    the options that verbs share
filtering  the filter options of ``subset``, and the steps that they stand for
source     which annotation file is meant when none is named
run        read, apply, write, account
"""
