"""What runs inside another interpreter: builds a real dataset and streams what it emits.

Python 3.7 or later, standard library and the framework only. Run as a folder:

    EXE cocosurgeon/probe/script REQUEST.json OUT

Of cocosurgeon it loads nothing but ``record``, and under a package name of its own.

main        the request, the stream, the error line
failure     what can go wrong, by stages
emitter     what each framework's part has to give
mmdet       which line of MMDetection is there, and what both lines share
mmdet3      MMDetection 3.x and its fork
mmdet2      MMDetection 2.x
coco_detection  torchvision's CocoDetection
chance      random numbers: seeded, and noticed when they are drawn
packing     what a pipeline made of a sample, in short
"""
