"""What a loader emitted, written down: by the real one in any interpreter, or by a training script.

dump      what stands in a dump; its lines
dump_file dumps read again
record    write a dump from any repository: one file, standard library only
request   what to ask a real loader
scratch   the temporary files of asking
run       ask it, in an interpreter that has it
script    what that interpreter runs: standard library and the framework, nothing of cocosurgeon
"""
