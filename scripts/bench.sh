#!/usr/bin/env bash
# The bridge against raw LDAP on an OpenLDAP of 10,000 users. Called by `make bench`.
#
#   USERS        how many users the directory holds (10000)
#   BENCH_ARGS   arguments for the benchmark itself
set -euo pipefail
export LAB_ROOT=${LAB_ROOT:-$(cd "$(dirname "$0")/.." && pwd)/target/bench-lab}
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
export LAB_OPENLDAP_ADDRESS=${LAB_OPENLDAP_ADDRESS:-127.0.0.50} LAB_OPENLDAP_ALIASES='' LAB_OPENLDAP_UNNAMED=''

"$scripts/prerequisites.sh" build openldap
finish() {
    trap '' INT TERM HUP
    end_running
    "$lab" down openldap
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

"$lab" down openldap 2>/dev/null
run "$lab" up openldap --users "${USERS:-10000}"
# shellcheck disable=SC2086  # several arguments
run cargo bench --locked --bench '*' -- ${BENCH_ARGS:-}
