#!/usr/bin/env bash
# Every test, real directories included. Called by `make test`.
# Runs all steps whatever fails, names those that failed at the end, and stops the directories in any case.
set -uo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$scripts/prerequisites.sh" build openldap samba 389ds fault suites || exit 1

failed=()
finish() {
    trap '' INT TERM HUP
    end_running
    "$lab" down || log "a directory did not stop cleanly; see $LAB_ROOT"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# step NAME COMMAND...
step() {
    local name=$1
    shift
    log
    log "== $name"
    run "$@" || failed+=("$name")
}

"$lab" down 2>/dev/null          # left over by a run that was killed: its data must not be met again
step "formatting" cargo fmt --check
step "clippy" cargo clippy --locked --all-targets -- -D warnings
step "directories" "$lab" up
step "rights of the bridge in OpenLDAP" tests/lab/rights.sh openldap
step "rights of the bridge in Samba AD" tests/lab/rights.sh samba
step "rights of the bridge in 389 DS" tests/lab/rights.sh 389ds
# What went wrong stands before any backtrace, and a log that is cut in the middle still shows it.
export RUST_BACKTRACE=0
# The tests wait for the directories most of the time: more threads than cores.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-6}
step "tests" cargo test --locked --no-fail-fast
for name in openldap samba 389ds; do step "suites of others on $name" tests/suites/run.sh "$name"; done

if [ ${#failed[@]} -gt 0 ]; then
    log
    for name in "${failed[@]}"; do log "FAILED: $name"; done
    exit 1
fi
