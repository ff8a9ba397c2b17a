"""Diagram to PyTorch source to nn.Module; weights; exports."""
