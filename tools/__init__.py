"""What builds, tests and checks the project: `python -m tools` lists the tasks."""
