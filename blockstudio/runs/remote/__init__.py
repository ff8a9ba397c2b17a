"""A run of another machine over the system's OpenSSH: `serve` speaks for it there, `mirror` keeps a copy of it here
that any window or command reads like a run of its own."""
