"""What the product must not be surprised by, at large: each suite counts what it did and what was lost.

`python tests/prove.py --suites [NAME …]` runs them whole and prints a table; `test_shares.py` runs a share of each.
"""
