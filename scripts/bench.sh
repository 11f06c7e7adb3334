#!/usr/bin/env bash
# The bridge against raw LDAP on an OpenLDAP of 10,000 users. Called by `make bench`. The benchmark starts and stops its
# own directory with tests/lab; this only sees to what must be installed.
#
#   BENCH_ARGS   arguments for the benchmark, for example "--only get"
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:$HOME/.cargo/bin
scripts/prerequisites.sh build openldap
# shellcheck disable=SC2086  # several arguments
exec cargo bench --locked --bench bridge -- ${BENCH_ARGS:-}
