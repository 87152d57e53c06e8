"""Steps that keep some images; one file a step, found by the table of steps."""
