"""The window."""

# Qt reads the source of every module that is imported after it: what stands on none of it comes first.
import blockstudio.analysis
import blockstudio.layout
import blockstudio.report
import blockstudio.runs  # noqa: F401
