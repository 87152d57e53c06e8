"""Bytes of an annotation file <-> spans and columns. Nothing else touches bytes.

source    open a path, gzip data or a stream; read by offset; notice changes
sniff     what bytes look like that are not JSON text in UTF-8
walk      where JSON values end, from the bytes alone
decode    bytes to values, with errors that name the place
runs      values of a column as they are gathered
columns   one value of every record, as arrays
records   a list of records: where they lie, their columns
document  what stands at the top level of a file
fields    where a record's values lie
rewrite   values inside records, changed where they stand
listscan  the records of one list: windows, seams, and the proof that a seam is one
second    another process that scans half of a long list
scan      the one pass that finds all of it
splice    the text with lists cut or changed
output    files that appear whole or not at all
"""
