"""Parity of two training repositories: recorded steps, and the first difference between two runs.

record_steps writes what happens in training steps: one file for any repository
recorded     reads a folder that the recorder wrote
"""
