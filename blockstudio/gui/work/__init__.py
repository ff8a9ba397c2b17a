"""Work away from the GUI thread: workers, child processes, settings, loading in slices."""
