# Each task is a function in tools/__main__.py; without make: python -m tools TASK.
# PYTHON, any Python from 3.11 on, makes .venv, which does the rest. Those that the pins are held to come first.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && exit; done; \
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo python3)
endif
TASKS := book test check refresh ledger cores serve lab bench system clean

.PHONY: help $(TASKS)
help $(TASKS):
	@$(if $(PYTHON),$(PYTHON) -m tools $@,echo "Python 3.11 or newer was not found. Name one: make $@ PYTHON=/path/to/python3"; exit 1)
