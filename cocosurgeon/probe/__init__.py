"""Dumps of what a loader loaded: by a real one in any interpreter, or by a training script.

dump      the content of a dump; writing and reading it
record    writes a dump in any repository: one file, standard library only
request   options of commands that ask a real loader, and the request that they make
run       runs a real loader in an interpreter that has it
script    program for that interpreter: standard library and the framework, nothing of cocosurgeon
"""
