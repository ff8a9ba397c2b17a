"""How property tests are drawn: in the ordinary suite the same examples every day, at large by command.

``pytest --hypothesis-profile=large`` draws sixty times as many examples as the ordinary suite, other ones each time,
and keeps what it finds in ``.hypothesis``, so that the next such run begins with it. ``--hypothesis-profile=quick``
draws a third of it.
"""

from __future__ import annotations

import random
import sys
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

QUICK, FIXED, LARGE = "quick", "fixed", "large"
FACTOR = 20
"""So many times the examples that a test asks for are drawn at large."""
_BASE = 100
"""What a test asks for that asks for no number. The ordinary suite draws a third: always the same, so that more of them
find nothing new from one day to the next."""


def register() -> None:
    """Make the profiles known; the fixed one is used until the command line says otherwise."""
    # How long an example takes says something of the machine, nothing of the product.
    settings.register_profile(FIXED, max_examples=_BASE // 3, derandomize=True, database=None, deadline=None)
    settings.register_profile(QUICK, max_examples=_BASE // 10, derandomize=True, database=None, deadline=None)
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile(
        LARGE, max_examples=_BASE * FACTOR, deadline=None, print_blob=True, suppress_health_check=slow
    )
    settings.load_profile(FIXED)


def examples(count: int, **more: Any) -> settings:
    """Settings of a property test that asks for ``count`` examples."""
    return settings(max_examples=max(1, count * settings.default.max_examples // _BASE), **more)


def seed(item: pytest.Item) -> None:
    """Give every test random numbers of its own: in the ordinary suite the same ones every day, whatever ran before."""
    number = crc32(item.nodeid.encode(errors="surrogatepass"))
    if settings.get_current_profile_name() == LARGE:
        number = (number + int(item.config.getoption("randomly_seed", 0))) % 2**32
    random.seed(number)
    np.random.seed(number)
    torch = sys.modules.get("torch")
    if torch is not None:
        # Not `torch.manual_seed`: that looks for accelerators each time.
        torch.default_generator.manual_seed(number)
