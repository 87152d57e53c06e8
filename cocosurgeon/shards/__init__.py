"""Many files as one dataset: what is kept is chosen among all, then each file is cut by itself.

shard       one file, or the tables of one
paths       files by globs and folders
dataset     the files as one dataset, and what is kept of each
"""
