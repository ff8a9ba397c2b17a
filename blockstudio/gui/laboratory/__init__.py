"""What a trained network says when it is asked, in place of the drawing."""
