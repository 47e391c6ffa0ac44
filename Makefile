# The one entry point: `make` lists what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
PY := .venv/bin/python
BROWSER := chromium-headless-shell
DEBIAN_PACKAGES := $(BROWSER) redis-server varnish varnish-modules wrk
export PORT PRODUCTS CATALOGUE REPLICA_DELAY

can_install = [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null
lacks_packages = ! { command -v redis-server && { command -v $(BROWSER) || command -v google-chrome; } && \
	ls /usr/sbin/varnishd /usr/lib/*/varnish/vmods/libvmod_xkey.so; } >/dev/null 2>&1
# The browser without a window costs a page half of what the other one does; older systems have that one only.
install_packages = apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	$(filter-out $(BROWSER),$(DEBIAN_PACKAGES)) \
	$$(apt-cache show $(BROWSER) >/dev/null 2>&1 && echo $(BROWSER) || echo chromium)
# The pins are for everyone: no registry, folder or flag of this machine goes into them.
pin = env -u UV_FIND_LINKS $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" $(ARGS)

##@ To see it
demo: .venv/.demo ## Run the shop at http://127.0.0.1:8000 (PORT=8001 for another port); Ctrl-C stops it
	@exec $(PY) -m shop.supervisor demo

demo-reset: ## Remove the demo's data, so that `make demo` begins anew
	@if [ -x $(PY) ]; then exec $(PY) -m shop.supervisor reset; else echo "There is no demo here yet: run make demo."; fi

stack: .venv/.demo ## Run all of production on this machine at http://127.0.0.1:8080 (PRODUCTS=100000 for more goods)
	@exec $(PY) -m shop.stack up

stack-reset: ## Remove what `make stack` keeps, so that it begins anew
	@if [ -x $(PY) ]; then exec $(PY) -m shop.stack reset; else echo "There is no stack here yet: run make stack."; fi

##@ To work on it
install: .venv/.test ## Install everything for development into .venv

test: .venv/.test ## Run the whole suite on real services (ARGS="-k cart" for a part of it)
	@if $(lacks_packages) && $(can_install); then $(install_packages) || echo "Some packages are missing, see below."; fi
	@$(PY) -m pytest -n 3 $(ARGS)

# What `make test` does in seconds, for long: random edits, killed processes, lagging replicas, large tables.
soak: export KILLED_JOBS := 500
soak: export CAUSAL_OPERATIONS := 10000
soak: export CAUSAL_LAG_SECONDS := 10
soak: export ORACLE_STEPS := 2000
soak: export HELD_BACK_EDITS := 500
soak: export ORACLE_SEED ?= $(shell date +%s)
soak: export CHANGED_ROWS := 1000000
soak: export ATTACKS_SHARE := 1
soak: export PICTURES_SHARE := 1
soak: export MONEY_CARTS := 10000
soak: export MONEY_SEED ?= $(shell date +%s)
soak: export CARTS := 10000
soak: export INVOICE_ATTEMPTS := 2000
soak: export INVOICE_KILLS := 50
soak: export EXPIRY_RACES := 1000
soak: export SUBMITS := 50
soak: export FORGED_WEBHOOKS := 1000
soak: export KILL_POINTS := 500
soak: export PLACED_CARTS := 10000
soak: export RUSH_BUYERS := 500
soak: export RUSH_RUNS := 20
soak: export STOCK_STEPS := 2000
soak: export VOUCHERED := 50
soak: export EDITED_CARTS := 200
soak: export INDEX_EDITS := 2000
soak: export REINDEXES := 20
soak: .venv/.test ## Run the tests of kills, lag and random edits at the figures of a long run (ARGS="-k jobs" for a part)
	@$(PY) -m pytest -o faulthandler_timeout=0 -o log_cli=true -o log_cli_level=INFO --durations=0 -k "not broken" \
	  tests/edge/test_oracle.py tests/shop/test_outbox_killed.py tests/shop/test_changes_large.py \
	  tests/replicas/test_causality.py tests/edge/test_deception.py \
	  tests/checkout/test_totals.py tests/checkout/test_to_the_cent.py tests/checkout/test_promotions.py \
	  tests/checkout/test_agreement.py tests/orders/test_invoices_numbers.py \
	  tests/orders/test_expiry.py tests/orders/test_webhooks.py tests/orders/test_words.py \
	  tests/checkout/test_charged_once.py tests/checkout/test_killed.py tests/checkout/test_rush.py \
	  tests/checkout/test_together.py tests/checkout/test_voucher_limits.py tests/catalog/test_stock_books.py \
	  tests/catalog/test_stock_races.py tests/catalog/test_import_luma.py \
	  tests/search/test_converging.py tests/search/test_rebuilding.py $(ARGS)

# What `check --deploy` and the types look at is a production's settings; nobody answers at port 9.
lint: export SECRET_KEY := a-key-that-is-long-enough-for-the-checks-and-used-for-nothing-else
lint: export DATABASE_URL := postgres://lint@127.0.0.1:9/lint
lint: export REDIS_URL := redis://127.0.0.1:9/0
lint: export SITE_URL := https://shop.example
lint: export ALLOWED_HOSTS := shop.example
lint: export EMAIL_HOST := 127.0.0.1
lint: export PAYMENT_GATEWAY := fake
lint: export MEDIA_ROOT := /srv/shop/media
lint: export PYTHONWARNINGS := ignore::RuntimeWarning
lint: .venv/.test ## Check style, types, import contracts, templates, migrations and deployment settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-cache
	$(PY) -m djlint templates --lint --quiet
	$(PY) -m djlint shop/templates --profile=django --lint --quiet
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check --deploy --fail-level WARNING

format: .venv/.test ## Write the code as `make lint` wants it
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

services: ## Install Debian's packages that the tests use (as root; else prints the line to type)
	@if $(can_install); then $(install_packages); else echo "sudo apt-get update && sudo apt-get install $(DEBIAN_PACKAGES)"; fi

##@ To measure it
bench-pages: .venv/.test ## Measure what the public pages cost at the demo's size and at 100,000 products (some minutes)
	@$(PY) -m bench.pages

bench-fresh: .venv/.test ## On a running stack: from a merchant's save to the fresh page at the edge (ARGS=500 edits)
	@$(PY) -m bench.fresh $(ARGS)

bench-truth: .venv/.test ## On a running stack: random edits, failing processes, and whether every page is true (ARGS="200 promote")
	@$(PY) -m bench.truth $(ARGS)

bench-checkout: .venv/.test ## Measure placing orders beside the same rows written by hand, and one hot thing (ARGS=seconds)
	@$(PY) -m bench.checkout $(ARGS)

bench-plans: .venv/.test ## Write docs/plans.md: how the database answers the pages at 100,000 products
	@$(PY) -m bench.plans

bench-edge: .venv/.test ## Measure the edge beside a Varnish of static pages, with 2,000 products (ARGS=100000 for more)
	@$(PY) -m bench.edge $(ARGS)

bench-capture: .venv/.test ## Measure what it costs that the database notes changes (ARGS=1000000 for so many rows too)
	@$(PY) -m bench.capture $(ARGS)

bench-feed: .venv/.test ## Measure how many events a second the feed brings to one receiver (ARGS=orders)
	@$(PY) -m bench.feed $(ARGS)

bench-index: .venv/.test ## Measure how fast the engine of ELASTICSEARCH_URL is told of 100,000 products, and of an edit (ARGS=products)
	@$(PY) -m bench.index $(ARGS)

bench-invoices: .venv/.test ## Measure how many invoices of 1, 12 and 1,000 lines a core sets in a second
	@$(PY) -m bench.invoices

bench-search: .judgements .venv/.test ## How good the search is: JUDGEMENTS=FILE (CSV of query, docid, rating), CATALOGUE=PATH
	@$(PY) -m bench.search "$(JUDGEMENTS)" "$(CATALOGUE)"

.judgements: # before packages are installed for nothing
	@test -r "$(JUDGEMENTS)" || { echo "There is no file “$(JUDGEMENTS)”: name one by JUDGEMENTS=FILE (CSV of query, docid, rating)."; exit 1; }

bench-search-speed: .venv/.test ## How quick the search is at 20,000 products (ARGS="20000 1000000" for more)
	@$(PY) -m bench.search_speed $(ARGS)

##@ To maintain it
requirements: .venv/.ready ## Pin the dependencies of pyproject.toml again (ARGS="--upgrade" for newer ones)
	$(pin) pyproject.toml --extra demo -o requirements/demo.txt
	$(pin) pyproject.toml --extra demo --extra test --constraints requirements/demo.txt -o requirements/test.txt
	echo uv | $(pin) - --no-annotate -o requirements/uv.txt

help: ## Say what one can make
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

.PHONY: demo demo-reset stack stack-reset install test lint format services soak bench-pages bench-checkout bench-plans bench-fresh bench-truth bench-edge bench-capture bench-feed bench-index bench-invoices bench-search bench-search-speed requirements help

# --- How it is done --------------------------------------------------------------------------------------
.venv/.ready: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "The shop needs Python 3.11 or later as \`$(PYTHON)\`: install it, or name one (make demo PYTHON=python3.12)."; exit 1; }
	@$(PY) -c '' 2>/dev/null || { echo "Making .venv …"; rm -rf .venv; said=$$($(PYTHON) -m venv .venv 2>&1); } || \
	  { echo "$$said"; echo "Making .venv failed: does this machine lack python3-venv (apt-get install python3-venv)?"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt || \
	  { echo "Installing uv failed: does this machine reach a package registry?"; exit 1; }
	@touch $@

# uv is several times as quick as pip; where it cannot work (a proxy that only pip knows of), pip does the same.
.venv/.demo .venv/.test: .venv/.%: requirements/%.txt .venv/.ready
	@echo "Installing the packages of $< …"
	@$(PY) -m uv pip install --python $(PY) --require-hashes -r $< || \
	  { echo "uv failed, trying pip …"; $(PY) -m pip install --quiet --require-hashes -r $<; } || \
	  { echo "Installing $< failed: does this machine reach a package registry?"; exit 1; }
	@touch $@
