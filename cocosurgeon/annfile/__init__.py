"""Bytes of an annotation file <-> spans and columns. Nothing else touches bytes.

source    a path, gzip data or a stream, read by offset and guarded against change
sniff     kinds of files that are not JSON text in UTF-8
walk      ends of JSON values, and values inside records, from the bytes alone
chunks    values of a column, packed tightly
decode    bytes to values, with errors that name the place
columns   one value of every record, as arrays
document  layout of a file: its top-level keys and lists of records
kernel    the compiled scan, and pixels of polygons, if installed
listscan  the scan of one list: by the kernel, by proven separators, or one by one
parallel  threads, or a second process, that scan parts of a long list
scan      one pass over a source
rewrite   values of a key in many records, changed in place
edit      values of single records, changed in place
compare   records of two sources, compared byte for byte
splice    the text with lists cut or changed
join      the text with records of other documents, and with other top-level keys
apart     the text as records, separators and the rest, and put together again
remote    documents whose text another process reads
united    several documents as one, without a text
"""
