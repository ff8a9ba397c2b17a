"""The window."""

from contextlib import suppress

# Qt looks into every module that is imported after it: what stands on none of it comes first.
import blockstudio.analysis
import blockstudio.layout
import blockstudio.report
import blockstudio.runs  # noqa: F401

with suppress(ImportError):  # where it is not, nothing is asked
    import PySide6.QtCore  # noqa: F401
    from shibokensupport import feature  # type: ignore[import-not-found,import-untyped,unused-ignore]

    # To find out whether a module may wish for snake_case names it reads its source, a sixth of the start: none does.
    feature._mod_uses_pyside = lambda module: True
