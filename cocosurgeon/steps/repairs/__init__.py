"""Steps that repair records; one file a step, found by the table of steps."""
