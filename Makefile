# The commands of scimbridge's developers and of everybody who wants to see it. Each script says what it does.

DIRECTORY ?= openldap
PORT ?= 8080
USERS ?= 25

.PHONY: help demo test bench bench-lists lint clean-lab
.NOTPARALLEL:

help:
	@echo "make demo [DIRECTORY=openldap|samba|389ds] [PORT=8080] [USERS=25]"
	@echo "                     a private directory and the bridge in front of it, until Ctrl-C"
	@echo "make test            every test, real directories included"
	@echo "make bench           the bridge against raw LDAP, with 10,000 users (BENCH_ARGS=…)"
	@echo "make bench-lists     what lists cost, against the demonstration that runs"
	@echo "make lint            formatting, clippy, shellcheck and cargo deny (the last two where installed)"
	@echo "make clean-lab       stop the directories that tests left and remove their files"

demo: export DIRECTORY := $(DIRECTORY)
demo: export PORT := $(PORT)
demo: export USERS := $(USERS)
demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

bench:
	@scripts/bench.sh

bench-lists:
	@python3 benches/lists.py

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	@if command -v shellcheck >/dev/null; then set -x; shellcheck scripts/*.sh tests/suites/run.sh tests/lab/lab tests/lab/fault.sh tests/lab/delegate.sh tests/lab/rights.sh docker/samba-ad-dc/start.sh .ci/run; fi
	@if command -v cargo-deny >/dev/null; then set -x; cargo deny --locked check; fi

clean-lab:
	@tests/lab/lab down
	rm -rf target/lab
