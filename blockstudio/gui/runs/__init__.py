"""The page of runs: a table of all, what differs between some, their curves in one picture."""
