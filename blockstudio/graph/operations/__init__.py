"""Acts on a diagram: functions that read it and return the edits to apply, or refuse with a `StudioError`."""
