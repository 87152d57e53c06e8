"""Formats next to COCO: one file a format, which reads, writes, and says what it cannot hold.

objects     images with their objects, as every format gets and gives them
format      what a format is
outlines    a mask as one polygon, along the edges of its pixels
image_files image files of a folder, and their sizes
class_file  names of classes, a line each
coco        COCO itself, normalized
csv_table   one row an annotation
txt         one line an image
crc32c      a checksum
label_map   names of TensorFlow's labels
tf_example  examples of TensorFlow as bytes
tfrecord    TensorFlow's Object Detection API
tfrecord_file   files of records with checksums
tfrecord_image  one record: an image with its objects
tfrecord_shards shards, as they are found and read
voc         Pascal VOC
voc_file    one XML file of VOC
voc_numbers corners of boxes as decimal numbers
voc_tree    a folder of VOC's XML files, as people have them
xml_file    XML files with line numbers, without entities
yolo        Ultralytics' tree
parquet     tables that keep every byte
yolo_config data.yaml, or the files that stand for it
yolo_rows   one label file of YOLO
yolo_tree   a folder of YOLO labels, as people have them
registry    the table of formats
"""
