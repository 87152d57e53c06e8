"""The command line: one file a verb. Parse, call, print, exit code.

app         the group of all verbs, each loaded when it is called
apply       repeat a recipe
browse      write a page to look at images with their objects
cache       list and clear the subsets that configs have built
convert     convert to other formats and back
diff        print what changed between two files
dump        write what a loader loads to a file
empty_only  keep the images without objects
explain     follow one image through all loaders
fix         repair what lint finds
lint        check files by themselves
layout      check folders; copy a subset with its images
merge       merge files into one
parity      find the first difference between recorded training steps
remap       change category ids, names and order
show        draw images with their annotations
snippet     print the configuration that goes with a file
spaces      print label spaces
split       split a file into parts that share no image
stats       count what a file holds
subset      keep some images and annotations
verify      prove that a loader loads what was meant
weights     look into checkpoints, and change their names and rows
command     commands whose options keep their order, with panels in help
completion  values that the shell completes
console     the terminal: streams, messages, progress bars, signals, exit codes
options     options that verbs share
outputs     output files: paths, checks, writing
run         read a file, apply a plan, write the result, print the summary
run_convert read files, convert them, print losses
run_lint    judge several files, and those of one dataset together
run_shards  read several files as one dataset, and write the kept part of each
run_split   read a file, split it, write the parts, print the report
run_weights change a checkpoint, and print the report
"""
