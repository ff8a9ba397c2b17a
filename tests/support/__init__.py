"""What tests share: samples, drivers for mouse and keys, readers of reference files.

Import as ``from tests.support.canvas_driver import drag``; the repository root is on the path of every run.
"""
