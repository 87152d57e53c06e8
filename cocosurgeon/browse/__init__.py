"""A page to look at images with their objects, which needs no server and no network.

values      values of JSON that a browser can show
file_data   data of a file in columns: images, objects, findings
drops       images and objects that loaders drop, in columns
results     detections of a results file, in columns
thumbnails  small pictures of images, made in several processes
page        the page itself: head, data, program, pictures

``browse.html``, ``browse.css`` and ``browse.js`` are joined into the page.
"""
