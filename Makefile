# make run    the demo company, Airflow and the dashboard on this machine
# make test   every test
# make lock   both lists of packages anew from pyproject.toml

UV_VERSION := 0.13.9
PYTHON := .venv/bin/python
UV := .venv/bin/uv

# uv does not read pip's settings: hand over those that say where packages come from.
ifneq ($(PIP_FIND_LINKS),)
export UV_FIND_LINKS := $(PIP_FIND_LINKS)
endif
ifneq ($(PIP_INDEX_URL),)
export UV_DEFAULT_INDEX := $(PIP_INDEX_URL)
endif
# A home that cannot be written is no reason to fail: uv keeps its cache beside the packages then.
ifneq ($(shell test -d "$$HOME" -a -w "$$HOME" && echo writable),writable)
export UV_CACHE_DIR := .venv/.cache
endif

.PHONY: run test lock
.DELETE_ON_ERROR:

run: .venv/.run
	@exec $(PYTHON) run.py

test: .venv/.test
	$(PYTHON) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lock: $(UV)
	$(UV) pip compile -q --upgrade --python-version 3.11 --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	$(UV) pip compile -q --upgrade --python-version 3.11 --custom-compile-command "make lock" --extra train -c requirements.txt pyproject.toml -o requirements-train.txt
	sed -i 's/^torch==\([0-9.]*\)+cpu/torch==\1/' requirements-train.txt

.venv/.run: requirements.txt $(UV)
	@echo "Installing what Molva needs (once) …"
	@$(UV) pip install -q --python $(PYTHON) -r requirements.txt
	@touch $@

.venv/.test: requirements-train.txt $(UV)
	@echo "Installing what the tests need (once) …"
	@$(UV) pip install -q --python $(PYTHON) -r requirements-train.txt
	@touch $@ .venv/.run

$(UV):
	@command -v python3.11 >/dev/null || { echo "Molva needs Python 3.11: install python3.11 and its venv module, then call make again." >&2; exit 1; }
	@test -x $(PYTHON) || python3.11 -m venv .venv || { rm -rf .venv; echo "Python 3.11 could not make .venv: install its venv module (python3.11-venv), then call make again." >&2; exit 1; }
	@$(PYTHON) -m pip install -q uv==$(UV_VERSION)
