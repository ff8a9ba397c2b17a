"""One run shared out over several processes, started by torchrun or by anything that sets its variables."""
