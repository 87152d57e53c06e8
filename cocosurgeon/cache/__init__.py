"""Cache of subsets: one of many processes builds a subset once, and all others use it.

folder      the cache folder
lock        a file lock that one process holds
store       entries of the cache and their files
build       a subset, cached or built; class names of a file
"""
