"""Verified equations: a formula in LaTeX is read, evaluated in exact worlds, and judged in words."""
