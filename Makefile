UV := .venv/bin/uv
export UV_FIND_LINKS := $(PIP_FIND_LINKS)

.PHONY: lock
lock: .venv/bin/uv
	$(UV) pip compile -q --upgrade --python-version 3.11 --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	$(UV) pip compile -q --upgrade --python-version 3.11 --custom-compile-command "make lock" --extra train -c requirements.txt pyproject.toml -o requirements-train.txt
	sed -i 's/^torch==\([0-9.]*\)+cpu/torch==\1/' requirements-train.txt

.venv/bin/uv:
	python3.11 -m venv .venv
	.venv/bin/python -m pip install -q uv
