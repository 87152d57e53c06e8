"""Images drawn with what annotation files and loaders say of them.

pixels   pixels of image files, turned by EXIF or not
notes    what is not drawn as the file has it, counted
rle      run-length encoded masks
marks    boxes, masks, keypoints and names to be drawn
images   images to draw on, of the file or gray
fonts    fonts that have the characters of names
canvas   marks drawn on an image
show     images of a file: one, several in a sheet, or a panel for each loader
findings findings on a page, with the images concerned
"""
