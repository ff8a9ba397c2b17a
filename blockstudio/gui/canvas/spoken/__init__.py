"""What screen readers find on the drawing."""
