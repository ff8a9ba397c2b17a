"""What the questions of the lessons must come to: figures that were worked out apart from the lessons."""

from __future__ import annotations

from typing import Any

FIGURES: dict[str, dict[str, Any]] = {
    "01_convolution": {
        "params": 14592, "macs": 14745600, "shape": (192, 16, 16), "strided_macs": 3686400, "share": 76.05,
        "field": 5, "larger": "larger", "totals": (966986, 7595176), "difference": "rounding",
    },
    "02_global_pooling": {
        "most": "fc6", "share": (96.17, 89.36, 86.06), "trap": "less", "macs": 8.09, "fc6": 56627200,
        "whole": 79486120, "at160": (39993704, 7595176), "which": "gap", "bigger": "no", "logit": 3.6,
    },
    "03_inception": {
        "channels": 416, "growth": 2.17, "nine": 2208, "largest": "conv3x3", "saved": (163696, 128049152),
        "five": (153632, 15920), "alone": (442624, 1229056), "still": "no",
    },
    "04_googlenet": {
        "channels": 480, "depth": 22, "params4c": 509440, "ops4c": "right", "true5a": (1042432, 51079168),
        "dense": (9408, 118013952), "separable_cost": (2712, 34019328), "total": (6998552, 1582671872), "aux": 6379728,
        "times": 8.71, "head": (50177000, 1025000), "misprints": 8,
    },
    "05_do_not_squeeze": {
        "largest": 802816, "ends": (50176, 1024), "params": (204800, 204800), "ratio": 4.239, "even": 4.484,
        "kept": 92480, "cost": (318528, 181835776), "cheaper": ("widen",), "where": ("layer2", "layer3", "layer4"),
    },
    "06_batch_normalisation": {
        "keeps": "form", "moments": (3, 3.5), "unbiased": 4.667, "six": 1.604, "params": 9600,
        "bessel": (1.0323, 1.0000076), "left": (12.2, 0.97), "momentum": 0.01, "why": "young", "line": "four",
        "click": ("bn1",), "slower": "no",
    },
    "07_small_kernels": {
        "field": (5, 7, 3), "saved": (28.0, 44.9, 11.1), "three_ways": (24576, 32768, 36864), "seven": 71.4,
        "module_params": (228128, 212960), "gain": "weights", "n": (838656, 1068032, 1297408), "grows": "linear",
    },
    "08_inception_v3": {
        "rows": 6, "cost": (23834568, 48), "sides": (149, 35, 17, 8), "figures": "right", "targets": (0.91, 0.01),
        "least": 0.5003, "logits": 4.511, "confidence": "confidence", "rmsprop": "sgd", "aux": 3326696,
    },
    "09_residual_block": {
        "shapes": ((128, 28, 28), (128, 56, 56)), "click": ("proj",), "proj": 8192, "why_relu": "grow",
        "stride": "stride", "narrow_params": (73728, 69632), "shortcuts": (21623848, 21797672, 22716840),
        "stages": (115605504, 115605504), "option_a": "fixed",
    },
    "10_degradation": {
        "params": (269722, 853018), "plain": "equal", "depth": 56, "vanishes": "vanishes", "init": "init",
        "larger": "larger", "factor": (206.7, 3.71), "order": "found", "overfitting": "training", "right": "deny",
    },
    "11_resnet_family": {
        "depth": (34, 50), "weighted": 37, "on256": (1179648, 69632), "pair": 73728,
        "giga": (3.664, 3.858, 7.570, 11.282), "cut": ("a", "b"), "v15": 4089184256, "count": (3, 3, 4), "first": 16384,
        "more": 18992128, "share": (41.9, 73.1), "which": "fifty", "last": (2048, 1, 1), "change": ("conv1", "maxpool"),
    },
    "12_ensemble": {
        "paths34": 65536, "eight": (12870, 19.64), "paths54": 18014398509481984, "middle": (27, 98.02), "short": 0.454,
        "removed": 44, "worst": (10, 5), "plain": "chance", "falls": "smooth", "peak": 4,
        "true": ("share", "vanishing"),
    },
}  # fmt: skip
