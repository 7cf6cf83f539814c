# Build, run and test Walletscope. `make` alone lists the commands.
# One Cargo profile serves all three, so nothing is compiled twice; only bench and soak build for release.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BUILT := $(TARGET_DIR)/debug/walletscope
VENV := .venv
WEB_TYPES := tests/web-types
JS_CLIENTS := tests/js-clients
GRAFANA := deploy/grafana
WEB_SOURCES := $(shell find web/src web/public -type f) web/index.html web/vite.config.ts web/tsconfig.json web/package-lock.json
FUZZ_SECONDS ?= 60
# 3 GB, filled by the first `make bench` and kept for the next ones.
BENCH_LAKE ?= $(TARGET_DIR)/bench/lake
FUZZ_TARGETS := $(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))
# `--locked` makes Cargo refuse a stale Cargo.lock; .ci/run sets it.
CARGO_LOCKED ?=

.PHONY: help build web run test lint test-rust test-crash test-clients test-web deny fuzz bench bench-web soak clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

build: ## build the web UI and the workspace; leaves bin/walletscope
build: web
	@tests/prerequisites.sh build
	cargo build --workspace $(CARGO_LOCKED)
	@mkdir -p bin
	@# Copied beside and renamed over, so that a running server keeps its own file.
	@cmp -s $(BUILT) bin/walletscope || { cp $(BUILT) bin/walletscope.new && mv -f bin/walletscope.new bin/walletscope; }

web: web/dist/index.html ## build the web UI, which the binary takes in

web/dist/index.html: web/node_modules/installed $(WEB_SOURCES)
	npm run build --prefix web --silent

web/node_modules/installed: web/package-lock.json
	@tests/prerequisites.sh build
	npm ci --prefix web --no-audit --no-fund
	@touch $@

run: build ## build, then start the demonstration: a server with 60 days of history and live traffic
	bin/walletscope demo

test: ## install what the tests need and run everything
test: web lint test-rust test-crash test-clients test-web
	@echo
	@echo 'make test: everything passed (format, clippy, tidy, Rust, crash rounds, clients, TypeScript types, browser).'
	@command -v cargo-deny >/dev/null || echo 'make test: skipped: cargo-deny is not installed; `make deny` installs and runs it.'

lint:
	@tests/prerequisites.sh test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets $(CARGO_LOCKED) -- -D warnings
	cargo run --quiet -p xtask $(CARGO_LOCKED) -- tidy
	@if command -v cargo-deny >/dev/null; then cargo deny --offline check bans licenses sources; fi

test-rust: build
	cargo test --workspace $(CARGO_LOCKED)

test-crash: build
	cargo run --quiet -p walletscope-sim --bin crash $(CARGO_LOCKED) -- --server bin/walletscope --rounds 5

test-clients: build $(VENV)/installed $(WEB_TYPES)/node_modules/installed $(JS_CLIENTS)/node_modules/installed $(GRAFANA)/node_modules/installed
	@tests/prerequisites.sh test
	$(VENV)/bin/python -m pytest tests/clients

test-web: build
	npm run test --prefix web --silent
	npm run browser --prefix web --silent

$(VENV)/installed: tests/requirements.txt
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	@touch $@

$(WEB_TYPES)/node_modules/installed: $(WEB_TYPES)/package-lock.json
	npm ci --prefix $(WEB_TYPES) --no-audit --no-fund
	@touch $@

$(JS_CLIENTS)/node_modules/installed: $(JS_CLIENTS)/package-lock.json
	npm ci --prefix $(JS_CLIENTS) --no-audit --no-fund
	@touch $@

$(GRAFANA)/node_modules/installed: $(GRAFANA)/package-lock.json
	npm ci --prefix $(GRAFANA) --no-audit --no-fund
	@touch $@

deny: ## licences, bans, sources and advisories of all dependencies; installs cargo-deny (minutes)
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check

fuzz: ## every fuzz target for FUZZ_SECONDS (60) each; needs the nightly toolchain, installs cargo-fuzz (minutes)
	command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	cd fuzz && for target in $(FUZZ_TARGETS); do \
		cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=3000; \
	done

bench: ## open-loop load against a release build, the cost per stage, and SQL over 20 M attempts beside DuckDB
bench: $(VENV)/installed
	cargo build --release --workspace $(CARGO_LOCKED)
	$(TARGET_DIR)/release/bench --server $(TARGET_DIR)/release/walletscope --lake $(BENCH_LAKE)
	@$(MAKE) --no-print-directory bench-web

bench-web: web ## the web UI over two million attempts in Chromium, against a release build
	@tests/prerequisites.sh test
	cargo build --release --workspace $(CARGO_LOCKED)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
	  && $(TARGET_DIR)/release/bench --server $(TARGET_DIR)/release/walletscope --fill "$$folder" \
	  && WALLETSCOPE_BIN=$(abspath $(TARGET_DIR))/release/walletscope WALLETSCOPE_BENCH_DATA="$$folder" npm run bench --prefix web --silent

soak: ## 100 crash rounds, 10,000 simulated histories, 100 storms over the lake's files and a simulated day of it
	cargo build --release --workspace $(CARGO_LOCKED)
	$(TARGET_DIR)/release/crash --server $(TARGET_DIR)/release/walletscope --rounds 100
	$(TARGET_DIR)/release/histories --seeds 10000
	$(TARGET_DIR)/release/bench --only day
	@# By the build of `make test`: what is measured is whether it is right, not how fast.
	WALLETSCOPE_STORM_ROUNDS=100 cargo test --workspace $(CARGO_LOCKED) --test it -- storms:: lake_outage::

clean: ## remove what was built and installed here
	cargo clean
	rm -rf bin $(VENV) $(WEB_TYPES)/node_modules $(JS_CLIENTS)/node_modules $(GRAFANA)/node_modules $(GRAFANA)/build web/node_modules web/dist web/test-results
