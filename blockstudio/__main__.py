"""``python -m blockstudio``."""

import sys

from blockstudio.cli import main

sys.exit(main())
