"""Cache of subsets: built once, by one of many processes, and found again.

folder      the cache folder
lock        a file lock that one process holds
store       entries of the cache: their files, listed and cleared
build       the subset of a file, found or built; its class names
"""
