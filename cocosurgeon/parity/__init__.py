"""Parity of two training repositories: recorded steps, and the first difference between two runs.

record_steps writes what happens in training steps: one file for any repository
recorded     reads a folder that the recorder wrote
tolerances   by how much values may differ
codes        codes of differences
entry        one compared entry of a checkpoint
arrays       two arrays of one name, and by how much they differ
normalization an eps that differs, recognized by its factors
causes       causes of a difference, recognized by its form
boxes        boxes in one frame, and which is which
images       images: size, channels, normalization, pixels
labels       labels of matched objects
batch_form   the entries of a batch, checked
batch        batches, image by image
losses       terms by number of objects, and what they are divided by
states       parameters before the first step, and what a step changes
align        steps with the same images, names that mean the same
compare      two recordings, checkpoint by checkpoint
report       the result: lines, JSON, findings
page         the result as a checklist
label_map    recorded labels -> labels of a model
conversion   recorded batches -> those that a detector of MMDetection takes
"""
