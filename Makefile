# The map of the project: `make help`. CI runs these targets and nothing else.
#
#   PYTHON=/path/to/python3   the Python to build .venv with
#   PORT=8080                 where `make run` and `make dev` serve
#   ARGS="..."                more arguments for the program that a target ends in
#   WORKERS=3                 processes that share the server's tests: one more than cores, as some of them wait

PYTHON ?=
PORT ?=
ARGS ?=
WORKERS ?= 3

# Tests start hundreds of servers, and each would compile the whole package anew.
unexport PYTHONDONTWRITEBYTECODE

SHELL = /bin/sh
BIN = .venv/bin
SETUP = PYTHON='$(PYTHON)' scripts/setup.sh
# The Node that `setup-node` chose, by name for what asks, and first on PATH for what does not.
WITH_NODE = SIO_TEST_NODE="$$PWD/.venv/node-bin/node" PATH="$$PWD/.venv/node-bin:$$PATH"
PYTEST = $(WITH_NODE) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL = help
.PHONY: help run web docs dev example cluster test test-server test-web test-kit test-console cov check fmt fmt-check lint types bench lock dist dist-test clean setup setup-run setup-dev setup-bench setup-node setup-proxies

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: setup-run ## Serve on 127.0.0.1:8080, in development mode where no secret is set (make run PORT=9000 ARGS="--help")
	@scripts/web.sh build || echo "The console could not be built; / shows a plain page instead." >&2
	@$(BIN)/sio-server serve $$(scripts/mode.sh $(ARGS)) $(if $(PORT),--port $(PORT)) $(ARGS)

web: setup-run ## Build the console, if its sources have changed
	@scripts/web.sh build

docs: setup-dev ## Build the site of the documents, which the server shows at /help; a link that leads nowhere fails
	@$(BIN)/python scripts/site_build.py $(ARGS)

dev: setup-dev ## Serve on 127.0.0.1:8080 and reload when the code changes
	@if [ -n "$$(scripts/mode.sh)" ]; then SIO_SERVER_DEV=1; export SIO_SERVER_DEV; fi; \
	$(BIN)/python scripts/dev.py runserver sio_server/app.py --root . --app-factory create_app \
		--no-livereload --port $(or $(PORT),8080) $(ARGS)

example: setup-dev ## Run a whole tourism system with its pages, at 127.0.0.1:8000 (examples/tourism)
	@scripts/web.sh example || echo "The pages could not be built." >&2
	@$(BIN)/python examples/tourism/run.py $(if $(PORT),--port $(PORT)) $(ARGS)

cluster: setup-dev ## Run three nodes on PostgreSQL with a standby, behind a balancer, at 127.0.0.1:8080, to try
	@scripts/web.sh build || echo "The console could not be built; / shows a plain page instead." >&2
	@$(BIN)/python -m scripts.cluster $(if $(PORT),--port $(PORT)) $(ARGS)

test: test-server test-web ## Run every test: the server's, the React kit's, the console's

test-server: setup-dev setup-node setup-proxies ## Run the server's tests (one of them: make test-server ARGS="-k name")
	@$(PYTEST) $(ARGS)

test-kit: setup-dev ## Run the web's tests without a browser (one of them: make test-kit ARGS="-t name")
	@scripts/web.sh test $(ARGS)

# Both wait for a third of their time, for a network that is away or for a clock: what one does not use of the processors,
# the other does. Each says what it has to say at its end, where this make can keep the two apart.
test-web: setup-dev ## Run the tests of the React kit and of the console, both at once
	@scripts/web.sh ready
	@echo "Running the tests of the web: what each part says comes at its end"
	@$(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync) test-kit test-console

test-console: setup-dev web docs ## Run the console's tests in Chromium (one of them: make test-console ARGS="-g name")
	@scripts/web.sh e2e $(ARGS)

cov: setup-dev setup-node setup-proxies ## Run the tests and show what they do not cover
	@$(PYTEST) --cov --cov-report=term --cov-report=html $(ARGS)

# Whoever runs all of it wants the same examples each time, and the lighter browser.
check: export CI = true
check: fmt-check lint types ## Everything CI asks for: format, lint, types, tests
	@$(MAKE) --no-print-directory test

fmt: setup-dev ## Format the code and fix what the linter can fix
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

fmt-check: setup-dev
	@$(BIN)/ruff format --check .

lint: setup-dev ## Run the linters, and look for what nothing uses
	@$(BIN)/ruff check .
	@$(BIN)/python scripts/unused.py
	@$(BIN)/shellcheck start.sh scripts/*.sh .ci/run
	@scripts/web.sh check

types: setup-dev ## Check the types
	@$(BIN)/mypy .

bench: setup-bench setup-node ## Measure this machine (what and how: make bench ARGS="--help")
	@$(WITH_NODE) PYTHONPATH=. $(BIN)/python -m bench $(ARGS)

dist: setup-dev setup-node web docs ## Build what is released into dist/, and check it: wheels, source archive, the React kit, SBOM, checksums
	@$(WITH_NODE) $(BIN)/python scripts/dist.py

dist-test: dist ## Install what is in dist/ on each Python of this machine, start it, and build all of it once more
	@SIO_TEST_DIST="$$PWD/dist" $(PYTEST) tests/releases $(ARGS)

lock: setup-run ## Renew requirements/ after a change in pyproject.toml (newest versions: ARGS=--upgrade)
	@$(SETUP) lock
	@scripts/lock.sh $(ARGS)

setup: setup-dev setup-node setup-proxies ## Install what development needs, and run nothing

# One after the other, so that `make -j` never has two installs in the same environment.
setup-run:
	@$(SETUP) run

setup-dev: setup-run
	@$(SETUP) dev

setup-bench: setup-dev
	@$(SETUP) bench

setup-node: setup-dev $(if $(filter bench,$(MAKECMDGOALS)),setup-bench)
	@$(SETUP) node

setup-proxies: setup-run
	@$(SETUP) proxies

clean: ## Remove what was built or installed; a running server's data stays
	@rm -rf .venv build client/build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		*.egg-info tests/node/node_modules
	@find sio_server tests bench examples scripts -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
