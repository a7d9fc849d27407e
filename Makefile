# make install | run | test | lint | bench | screenshot | constraints | clean | help
# Options: PYTHON=python3.12, HOST=0.0.0.0 and PORT=8000 (run), ARGS="-k josa" (test, bench).

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --constraint constraints.txt

.PHONY: help install run test lint bench screenshot constraints clean
.DEFAULT_GOAL := help

help:
	@echo 'make run         설치하고, 함께 들어 있는 포럼 보도를 넣고, 웹 채팅을 켭니다 (HOST=, PORT=)'
	@echo 'make test        설치하고 시험합니다 (ARGS="-k 이름")'
	@echo 'make install     $(VENV)/에 실행과 시험에 필요한 것을 모두 설치합니다 (PYTHON=)'
	@echo 'make lint        ruff와 mypy로 검사합니다'
	@echo 'make bench       속도, 메모리, 검색 품질을 재어 benchmarks/results/에 남깁니다'
	@echo 'make screenshot  README의 화면을 다시 찍습니다'
	@echo 'make constraints constraints.txt를 다시 만듭니다 (uv 필요)'
	@echo 'make clean       시험과 빌드가 남긴 것을 지웁니다 ($(VENV)/는 남깁니다)'

install: $(STAMP)

run: $(STAMP)
	@$(BIN)/forum-bot serve $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

test: $(STAMP)
	$(BIN)/python -m pytest $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python benchmarks/bench.py $(ARGS)
	$(BIN)/python benchmarks/retrieval.py
	$(BIN)/python benchmarks/answers.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/chats.py --seconds 30
	$(BIN)/python benchmarks/load.py --seconds 60
	$(BIN)/python benchmarks/widget.py

screenshot: $(STAMP)
	$(BIN)/python benchmarks/screenshot.py

$(STAMP): pyproject.toml constraints.txt
	@python=; for name in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if $$name -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'Python 3.11 이상과 venv를 찾지 못했습니다. Python을 설치하거나(데비안과 우분투: python3, python3-venv) PYTHON=경로를 붙여 다시 실행해 주세요.' >&2; \
	  exit 1; \
	fi; \
	echo "$(VENV)/에 설치합니다 ($$($$python --version)). 처음에는 몇 분 걸립니다."; \
	$$python -m venv $(VENV)
	@$(cpu_torch)
	$(PIP) --no-compile --editable '.[all,dev]'
	@# Bytecode on all cores (pip would use one): without it each start takes seconds more.
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib bot ingest prompts vectorstore >/dev/null || true
	@touch $@

# Linux without an NVIDIA GPU, and no CPU wheel of PyTorch at hand: the CPU build by way of uv, as the default
# Linux wheel brings gigabytes of CUDA libraries. Where that fails, pip takes the default wheel.
define cpu_torch
if [ "$$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null 2>&1 \
  && ! $(PIP) --quiet --dry-run --no-index --no-deps torch >/dev/null 2>&1; then \
  uv=$$(command -v uv) || { $(BIN)/python -m pip install --quiet uv && uv=$(BIN)/uv; } || uv=; \
  [ -n "$$uv" ] && "$$uv" pip install --quiet --python $(BIN)/python --torch-backend=cpu --constraint constraints.txt torch \
  || echo 'PyTorch의 CPU 빌드를 받지 못해 기본 빌드를 설치합니다(수 GB).'; \
fi
endef

# The pins, for every Python from 3.11 on. Existing pins stay where they still fit; delete a line to renew it.
# CUDA libraries stay out, so that a CPU build of PyTorch satisfies the file; markers too, as a constraint needs none.
constraints:
	uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 --no-header --no-annotate \
	  --output-file constraints.txt
	@{ echo '# The versions this project is tested with. Made by `make constraints`, that is'; \
	  echo '#   uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-annotate'; \
	  echo '# without the CUDA libraries of PyTorch and without markers.'; \
	  sed -e 's/ *;.*//' -e 's/+cpu$$//' constraints.txt | grep -Ev '^(nvidia-|cuda-|triton=|#)'; \
	} > constraints.new && mv constraints.new constraints.txt

clean:
	rm -rf dist build .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find bot ingest prompts vectorstore tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
