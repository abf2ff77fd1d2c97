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
# uv compiles nothing at installing: Python has to keep what it compiles, or each process compiles its thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE
# A home that cannot be written is no reason to fail: uv keeps its cache beside the packages then.
ifneq ($(shell test -d "$$HOME" -a -w "$$HOME" && echo writable),writable)
export UV_CACHE_DIR := .venv/.cache
endif

.PHONY: run test lock
.DELETE_ON_ERROR:

run: .venv/.run
	@exec $(PYTHON) run.py

test: .venv/.test .venv/engines/.spirit .venv/engines/.wordpress
	$(PYTHON) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

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

# Real engines for tests/test_engine_*.py. Without one its test is skipped.
.venv/engines/.spirit: tests/engines/spirit.txt | $(UV)
	@echo "Installing the forum Spirit for its test (once) …"
	@mkdir -p $(@D) && $(UV) venv -q --clear --python $(PYTHON) $(@D)/spirit && $(UV) pip install -q --python $(@D)/spirit/bin/python -r $< \
		&& touch $@ || { rm -rf $(@D)/spirit; echo "It could not be installed: its test is skipped."; }

.venv/engines/.wordpress: tests/engines/wordpress_config.php | $(UV)
	@mkdir -p $(@D)/packages; rm -rf $(@D)/wordpress $(@D)/packages/*
	@if command -v php >/dev/null && command -v apt-get >/dev/null; then \
		echo "Unpacking the blog WordPress for its test (once) …"; \
		(cd $(@D)/packages && apt-get download -qq wordpress wordpress-theme-twentytwentythree) \
			&& (for package in $(@D)/packages/*.deb; do dpkg-deb -x $$package $(@D)/packages/tree || exit 1; done) \
			&& mv $(@D)/packages/tree/usr/share/wordpress $(@D)/wordpress && cp $< $(@D)/wordpress/wp-config.php && touch $@ \
			|| echo "It could not be had: its test is skipped."; \
	fi; rm -rf $(@D)/packages

$(UV):
	@command -v python3.11 >/dev/null || { echo "Molva needs Python 3.11: install python3.11 and its venv module, then call make again." >&2; exit 1; }
	@test -x $(PYTHON) || python3.11 -m venv .venv || { rm -rf .venv; echo "Python 3.11 could not make .venv: install its venv module (python3.11-venv), then call make again." >&2; exit 1; }
	@$(PYTHON) -m pip install -q uv==$(UV_VERSION)
