"""The package timed against its peers, in CPU time: `python -m benchmarks`, or `make bench`."""
