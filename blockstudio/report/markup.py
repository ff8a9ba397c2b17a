"""Text in SVG and other XML."""

from __future__ import annotations

import html
import re

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """``text`` as it stands in XML. Signs that XML does not have at all (most control characters) are shown as �."""
    return html.escape(_NO_XML.sub("\ufffd", text))
