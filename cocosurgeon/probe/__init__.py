"""Dumps: records of the images and objects that a loader loaded.

dump      content of a dump; reading and writing it
record    recorder for any repository: one file, standard library only
request   options about a real loader, and the request that they make
run       a real loader run in an interpreter that has it
script    program for that interpreter: standard library and the framework, not cocosurgeon
"""
