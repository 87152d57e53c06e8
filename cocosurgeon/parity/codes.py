"""Codes of differences between two recordings."""

from __future__ import annotations

from cocosurgeon.findings.codes import add_codes
from cocosurgeon.version import DOCS

PARITY_CODES = add_codes(
    "parity",
    {
        "parity-initialization": (
            "parameters differ before the first step",
            "another initialization or seed, or weights that were converted differently",
            "save the weights of one side, load them in the other, and record again",
            "error",
        ),
        "parity-samples": (
            "a step has other images",
            "another sampler, seed or filter",
            "feed both from one list of image ids without shuffling",
            "error",
        ),
        "parity-sample-order": (
            "the same images come in another order",
            "another seed of the sampler, or grouping by aspect ratio",
            "feed both from one list of image ids without shuffling",
            "error",
        ),
        "parity-channel-order": (
            "the channels of the images are in another order",
            "OpenCV reads BGR, PIL reads RGB",
            "set `bgr_to_rgb` (2.x: `to_rgb`), or reverse the first convolution's input channels",
            "error",
        ),
        "parity-normalization": (
            "images are scaled or shifted by channel",
            "another mean or std, or pixels from 0 to 1 against 0 to 255",
            "use one mean and std, in one scale",
            "error",
        ),
        "parity-image": (
            "images have other pixels",
            "another resize (antialias, rounding of the size), crop, flip or decoder",
            "record without random transforms; compare the resized images",
            "error",
        ),
        "parity-image-size": (
            "images have another size",
            "another rule of resizing, or other padding (size divisor)",
            "compare `img_shape` and `pad_shape`",
            "error",
        ),
        "parity-box-frame": (
            "boxes have another format or frame than the header says",
            "xywh for xyxy, divided by the padded size, or not scaled with the image",
            "convert the boxes, or correct `box_format`, `normalised` and `frame`",
            "error",
        ),
        "parity-box-count": (
            "an image has another number of boxes",
            "crowds, small boxes or clipped boxes were filtered on one side",
            "compare what both load: `cocosurgeon verify --against`",
            "error",
        ),
        "parity-box": (
            "boxes differ",
            "clipping, rounding, or another resize",
            "compare the boxes of one image",
            "error",
        ),
        "parity-label-offset": (
            "labels differ by a constant",
            "labels from 0 against labels from 1, or 0 for the background",
            "subtract it, or correct `label_space`",
            "error",
        ),
        "parity-label": (
            "labels differ",
            "another label space, or another order of classes",
            "name `label_space` or `classes` in both headers; `cocosurgeon spaces` compares two",
            "error",
        ),
        "parity-mask": (
            "masks differ",
            "another resize of masks, or another drawing of polygons",
            "compare the mask of one object",
            "error",
        ),
        "parity-batch": (
            "another entry of the batch differs",
            "shapes or scale factors are rounded differently, or in another order",
            "compare the entry: height and width may be swapped",
            "error",
        ),
        "parity-shape": (
            "an array has another shape",
            "another layer, stride, padding or order of axes",
            "compare the modules",
            "error",
        ),
        "parity-eps": (
            "a normalization scales by other factors",
            "another eps, most often 1e-5 against 1e-6 or 1e-3, or other running statistics",
            "compare `eps` of the normalization layers, and their `training`: is one frozen?",
            "error",
        ),
        "parity-align-corners": (
            "a map was resized differently",
            "align_corners=True against align_corners=False",
            "compare `align_corners` of interpolate and grid_sample",
            "error",
        ),
        "parity-dropout": (
            "one side drops values",
            "dropout with another rate, or only on one side (train against eval)",
            "compare dropout rates and model.training; set the rates to 0 to compare",
            "error",
        ),
        "parity-seed": (
            "both sides draw random numbers, but different ones",
            "another seed, or random numbers were drawn before on one side only",
            "set the seed right before the step, or switch randomness off",
            "error",
        ),
        "parity-order": (
            "the same values are in other places",
            "transposed axes, or another order of channels, queries or boxes",
            "compare the shapes and the order before the module",
            "error",
        ),
        "parity-precision": (
            "values are rounded differently",
            "mixed precision, TF32 or bfloat16 on one side",
            "record in float32: without autocast, with allow_tf32=False",
            "error",
        ),
        "parity-factor": (
            "all values differ by one factor",
            "another weight, temperature, clipping of gradients, or scaling of the loss",
            "look for the factor in both repositories",
            "error",
        ),
        "parity-value": (
            "values differ in an unknown way",
            "another computation: the checkpoint before agrees",
            "record more checkpoints in between: watch(model, ...)",
            "error",
        ),
        "parity-reduction": (
            "a loss is divided by something else",
            "mean against sum, or number of boxes against number of images",
            "compare `reduction`, `avg_factor` and the number of boxes",
            "error",
        ),
        "parity-loss-term": (
            "only one side has a loss term",
            "an auxiliary loss, or another name",
            "give it the same name: --rename B=A",
            "error",
        ),
        "parity-learning-rate": (
            "parameters have another learning rate",
            "a group of parameters with a factor of its own (backbone), warmup, or batch size",
            "compare the groups: `paramwise_cfg` in MMDetection",
            "error",
        ),
        "parity-optimizer": (
            "another optimizer, or another setting of it",
            "SGD against AdamW; weight decay, momentum, betas or eps",
            "compare the optimizers and their settings",
            "error",
        ),
        "parity-update": (
            "the optimizer's step changes parameters differently",
            "another optimizer, weight decay, frozen parameters, or clipped gradients",
            "record `optimizer`, and compare its settings",
            "error",
        ),
        "parity-malformed": (
            "an entry of a recording cannot be compared",
            "the recorder was given other values, or the file is damaged",
            f"compare the entry with {DOCS}/parity.md, and record it again",
            "error",
        ),
        "parity-metric": (
            "a metric differs",
            "another evaluation, or other detections",
            "compare the detections",
            "error",
        ),
        "parity-missing": (
            "one side did not record a checkpoint",
            "it has another name, or the call is missing",
            "record it on both sides, or give --rename B=A",
            "warning",
        ),
    },
)
"""All codes of ``parity``."""
