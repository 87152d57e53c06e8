"""Images drawn with the objects of annotation files and loaders.

pixels   pixels of image files, rotated by EXIF or not
notes    differences of a drawing from the file, counted
rle      run-length encoded masks
marks    boxes, masks, keypoints and names to be drawn
images   images to draw on, of the file or gray
fonts    fonts that have the characters of names
canvas   marks drawn on an image
show     images of a file: one, several in a sheet, or a panel for each loader
findings findings on a page, with their images
"""
