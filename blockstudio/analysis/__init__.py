"""What can be said of a diagram without running it: shapes, cost, receptive field, depth, problems, fixes."""
