"""The page of a run's results: confusion, figures by class, mistakes as pictures, a picture from outside."""

SCREEN = "results"
