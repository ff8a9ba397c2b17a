"""Figures for papers: a diagram as SVG, PDF or PNG."""
