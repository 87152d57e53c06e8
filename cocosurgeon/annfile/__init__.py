"""Bytes of an annotation file <-> spans and columns. Nothing else touches bytes.

source    open a path, gzip data or a stream; read by offset; notice changes
sniff     what bytes look like that are not JSON text in UTF-8
walk      where JSON values end
decode    bytes to values, with errors that name the place
columns   one value of every record, as arrays
records   a list of records: where they lie, their columns
document  what stands at the top level of a file
scan      the one pass that finds all of it
splice    the text with only some records
output    files that appear whole or not at all
"""
