"""What a trained network says when it is asked: what a unit is worth, which paths carry the gradient. Needs torch."""

from __future__ import annotations

from blockstudio.analysis.path_lengths import Lengths, branch_lengths, path_lengths
from blockstudio.laboratory.asking import Asked, ask
from blockstudio.laboratory.lesion import Lesions, Reading
from blockstudio.laboratory.measure import Measure
from blockstudio.laboratory.subject import Subject

__all__ = ["Asked", "Lengths", "Lesions", "Measure", "Reading", "Subject", "ask", "branch_lengths", "path_lengths"]
