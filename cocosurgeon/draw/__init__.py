"""Images drawn with what annotation files and loaders say of them.

images   image files, found and opened
marks    boxes, masks, keypoints and names to be drawn
canvas   marks drawn on an image
findings findings on a page, with the images concerned
show     images of a file, each alone, in a sheet, or in a panel for each loader
"""
