"""The questions with their answers: data as JSON, a table, a figure. One function a question, a file a subject."""

from __future__ import annotations

from blockstudio.laboratory.questions.answer import Answer, Progress
from blockstudio.laboratory.questions.beginning import start
from blockstudio.laboratory.questions.ensemble import gradients, paths
from blockstudio.laboratory.questions.lesions import lesion, several, swap
from blockstudio.laboratory.questions.measuring import evaluate
from blockstudio.laboratory.questions.normalisation import batchnorm
from blockstudio.laboratory.questions.peaks import peaks
from blockstudio.laboratory.questions.scaling import drift, inputs
from blockstudio.laboratory.questions.seeing import cam, excited, features, field, filters, occlusion, scatter

__all__ = [
    "Answer", "Progress", "batchnorm", "cam", "drift", "evaluate", "excited", "features", "field", "filters",
    "gradients", "inputs", "lesion", "occlusion", "paths", "peaks", "scatter", "several", "start", "swap",
]  # fmt: skip
