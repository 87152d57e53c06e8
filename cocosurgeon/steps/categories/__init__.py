"""Steps that change categories; one file a step, found by the table of steps."""
