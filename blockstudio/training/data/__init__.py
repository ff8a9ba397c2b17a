"""Images for training: read, cut into training, validation and test, brought to the network's input."""

from __future__ import annotations

from blockstudio.training.data.images import ImageSet
from blockstudio.training.data.load import DataSplits, load_data

__all__ = ["DataSplits", "ImageSet", "load_data"]
