"""Steps that keep some annotations; one file a step, found by the table of steps."""
