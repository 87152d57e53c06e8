"""Many files as one dataset: what is kept is chosen among all, then each file is cut by itself.

shard       one file, or the tables of one
paths       files by globs and folders
tasks       tasks of a worker of Dask, each about one file
interrupts  Ctrl-C while workers run
cluster     workers that do them
folder      a new folder of what is kept, at a path or a URL
dataset     the files as one dataset, and what is kept of each
"""
