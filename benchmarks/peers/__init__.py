"""One runner for each peer: a process that reads one case, fits it, and prints one line of JSON."""
