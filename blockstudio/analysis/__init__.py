"""What can be said of a diagram without running it: shapes, costs, receptive fields, depth, problems and fixes."""

from blockstudio.analysis.engine import Analyzer, analyze
from blockstudio.analysis.level import BlockReport, Level
from blockstudio.analysis.problems import Fix, Problem, apply_fix
from blockstudio.analysis.report import Analysis, LiveAnalysis

__all__ = ["Analysis", "Analyzer", "BlockReport", "Fix", "Level", "LiveAnalysis", "Problem", "analyze", "apply_fix"]
