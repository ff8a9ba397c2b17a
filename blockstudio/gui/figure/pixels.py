"""``python -m blockstudio.gui.figure.pixels``: an SVG from standard input as a PNG to standard output."""

from __future__ import annotations

import sys

from blockstudio.answers import error_line
from blockstudio.errors import StudioError
from blockstudio.needs import explaining


def main() -> int:
    """Draw one figure."""
    try:
        with explaining("PNG"):
            from blockstudio.gui.figure.figure import start_qt
            from blockstudio.gui.kit.figure_view import png_of

            start_qt()
            found = png_of(sys.stdin.buffer.read().decode())
    except StudioError as error:
        print(error_line(error), file=sys.stderr)
        return 2
    sys.stdout.buffer.write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
