# `make run` and `make test` are all that a newcomer needs; README.md says the rest.
PYTHON ?= python3
VENV := .venv/bin
export PYTHONDONTWRITEBYTECODE :=

CHECKS := $(addprefix lint-,types style format layers templates indents migrations translations)

.PHONY: run test lint $(CHECKS) format proofs bench lock install dev messages clean

run: install
	@exec $(VENV)/python manage.py up $(if $(PORT),--port $(PORT)) $(UP_ARGS)

install:
	@$(PYTHON) install.py run

dev:
	@$(PYTHON) install.py dev

test: dev
	@$(PYTHON) install.py browser
	@$(if $(THOROUGH),THOROUGH=1) $(VENV)/python -m pytest $(PYTEST_ARGS)

# The types beside all the others; one that fails is named, and keeps none from running.
lint: dev
	@$(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync) \
	  --keep-going $(CHECKS)

# On a crowded machine mypy gives up waiting for its helpers, and exits with 2.
lint-types:
	@$(VENV)/mypy --num-workers auto . || { [ $$? -eq 2 ] && $(VENV)/mypy .; }

lint-style:
	@$(VENV)/ruff check .

lint-format:
	@$(VENV)/ruff format --check .

lint-layers:
	@$(VENV)/lint-imports --no-cache

lint-templates:
	@$(VENV)/djade --check --target-version 5.2 $$(git ls-files -co --exclude-standard 'templates/*.html')

lint-indents:
	@$(VENV)/djhtml --check --tabwidth 2 $$(git ls-files -co --exclude-standard 'templates/*.html')

lint-migrations:
	@$(VENV)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

lint-translations:
	@$(VENV)/python -m offers_site.translations check

format: dev
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .
	-@$(VENV)/djade --target-version 5.2 $$(git ls-files -co --exclude-standard 'templates/*.html')
	@$(VENV)/djhtml --tabwidth 2 $$(git ls-files -co --exclude-standard 'templates/*.html')

messages: dev
	@$(VENV)/python -m offers_site.translations update

proofs: dev
	@$(if $(SMALL),PROOF_ROWS=30000) $(VENV)/python -m proofs $(PROOFS)

bench: dev
	@$(VENV)/python -m bench $(BENCH)

lock: dev
	@cd requirements && for name in install base embedded dev; do \
	  ../$(VENV)/uv pip compile $$name.in --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --custom-compile-command "make lock" --output-file $$name.txt || exit 1; \
	done

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
