"""Bytes of an annotation file <-> spans and columns. Nothing else touches bytes.

source    a path, gzip data or a stream, opened; read by offset; changes noticed
sniff     kinds of files that are not JSON text in UTF-8
walk      ends of JSON values, and values inside records, from the bytes alone
chunks    values of a column as they are gathered
decode    bytes to values, with errors that name the place
columns   one value of every record, as arrays
document  layout of a file: its lists of records, and what is at the top level
edit      values of single records, changed where they stand
rewrite   values inside records, changed where they are
kernel    the compiled scan, where it is installed
listscan  the records of one list: by the kernel, by separators that are proven, or one by one
parallel  threads, or a second process, that scan parts of a long list
scan      the one pass that finds all of it
compare   records of two sources that differ, byte for byte
splice    the text with lists cut or changed
join      the text with records of other documents, and with members more or less
apart     the text as records, separators and the rest, each with its place; put together again
united    documents seen as one, without a text of their own
"""
