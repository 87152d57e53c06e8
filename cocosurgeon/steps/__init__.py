"""Steps as users write them, on the command line and in a config: options by their names.

filtering   the options that filter, and the steps that they stand for
relabelling  the options that change categories, and the steps that they stand for
where       what a ``where`` expression asks about
lists       ids and names as text
values      values as Python has them, as the command line reads them
commands    options of a config, as those of a command
plans       the plan that commands stand for
recipe      a plan and its source, saved and applied again
naming      what a file made by a plan is called
"""
