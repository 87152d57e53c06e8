"""The command line: one file a verb. Parse, call, print, exit code.

app         the verbs, put together
subset      keep some images and annotations
empty_only  keep the images without objects
remap       other category ids, names and order
spaces      the known label spaces: which 80, which 91
apply       repeat a recipe
verify      prove that a loader sees what was meant
explain     one image through all loaders
dump        write down what a loader emits
layout      are files where frameworks look; carry a subset away with its images
cache       subsets that configs have had built
snippet     the configuration that goes with a file
ending      how a verb ends: messages and exit codes
ordered     options in the order in which they were written
options     what verbs share: the options, and that they tell their errors
verifying   what `verify` compares, in which order
telling     what a recipe says of its result
asking      the real library against its rules
real        the real library, as it is asked for
loader_options  options of a loader's own, as they are written
explaining  one image through a loader, told
laying_out  a data folder checked, a subset gathered, and told
dumping     what a loader emits, as a file
printing_snippet  a snippet, and what is to be known beside it
checking    two files' categories, compared
caching     subsets that are kept, as text and JSON
source      which annotation file is meant when none is named
writing     where a result goes, and how it gets there
voice       what is said: lines, JSON, progress bars
run         read, apply, write, account
"""
