"""Program for another interpreter: builds a real dataset and writes a dump of its samples.

Python 3.7 or later, standard library and the framework only. It is run as a folder:

    EXE cocosurgeon/probe/script REQUEST.json OUT

From cocosurgeon it imports only ``record``, under another package name.

main        reads the request, writes the dump or a line with the error
failure     the error that is reported, by the stage at which it is raised
dataset     the interface of each framework's part
mmdet       the installed line of MMDetection, and what both lines share
wrappers    the dataset inside the wrappers of a config
mmdet3      MMDetection 3.x and its fork
mmdet2      MMDetection 2.x
coco_detection  torchvision's CocoDetection
packing     output of a pipeline in short; random numbers
"""
