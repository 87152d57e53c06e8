"""The configuration that goes with a file, ready to paste: one file a framework.

subject      what is taken from the file, and where its images lie
use          what a loader makes of the file, counted
text         lines of Python: lists, comments
cautions     what evaluation and masks will stumble over
raw_ids      category ids, where they are the labels themselves
mmdet        what both lines of MMDetection are told
mmdet3       MMDetection 3.x
mmdet2       MMDetection 2.x
detectron2   detectron2
detr         DETR and its kin
torchvision  torchvision's CocoDetection
registry     the frameworks by name
"""

from cocosurgeon.snippet.registry import FRAMEWORKS, Snippet, require_framework, snippet_for
from cocosurgeon.snippet.subject import SPLITS, Split, Subject, subject_of

__all__ = [
    "FRAMEWORKS",
    "SPLITS",
    "Snippet",
    "Split",
    "Subject",
    "require_framework",
    "snippet_for",
    "subject_of",
]
