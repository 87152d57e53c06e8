"""Tables of Parquet with the records of an annotation file: columns to ask, and every byte.

columns     key columns of records
objects     objects of each image
numbers     arrays of numbers apart from the text of records, and put back
parquet     tables as files, row group by row group
"""
