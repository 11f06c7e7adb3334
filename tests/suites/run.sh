#!/usr/bin/env bash
# Conformance suites that others wrote, against the real bridge in front of a real directory.
#
#   run.sh DIRECTORY [WORD...]     openldap, samba or 389ds; the words are given to suites.py, such as the name of one suite
#
# Starts the directory if it does not run, and leaves it as it found it. The bridge's users and groups live in an OU of
# their own, which is removed again. What it writes is below target/suites: the suites themselves, in the versions of
# requirements.txt and checked by hash, and for each directory the configuration, the log and the suites' full reports.
# Ends with 0 only when every suite ran and every check passed. docs/conformance.md says what is checked.
set -euo pipefail
# shellcheck source=../../scripts/common.sh
. "$(dirname "$0")/../../scripts/common.sh"

name=${1:-}
case $name in
openldap|samba|389ds) shift ;;
*) die "usage: run.sh openldap|samba|389ds" ;;
esac
"$scripts/prerequisites.sh" build suites "$name"

home=$repository/target/suites
work=$home/$name
mkdir -p "$work"

# --- the suites ------------------------------------------------------------------------------------

wanted=$repository/tests/suites/requirements.txt
python=$home/python/bin/python
if ! cmp -s "$wanted" "$home/python/installed.txt"; then
    log "installing the suites of tests/suites/requirements.txt into target/suites"
    rm -rf "$home/python"
    system_python=python3
    # The first that is new enough, whatever a version manager puts before it.
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            system_python=$candidate
            break
        fi
    done
    run "$system_python" -m venv "$home/python" || die "the suites need Python 3.11 or newer with venv"
    install_suites() {
        run "$python" -m pip install --quiet --disable-pip-version-check --no-input --retries 10 --timeout 60 \
            --require-hashes --only-binary :all: -r "$wanted"
    }
    # pip does not try again when a download breaks off.
    install_suites || install_suites || install_suites || die "the suites could not be installed"
    cp "$wanted" "$home/python/installed.txt"
fi

# --- the directory, and an OU in it ----------------------------------------------------------------

started=''
root=''
clean() {
    trap '' INT TERM HUP
    end_running
    set +m
    stop_process "$work/bridge.pid"
    if [ -n "$root" ]; then as_admin ldapdelete -r "$root" >/dev/null 2>&1 || log "$root was not removed"; fi
    if [ -n "$started" ]; then "$lab" down "$name" 2>/dev/null || true; fi
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

as_admin() {
    local command=$1
    shift
    LDAPTLS_CACERT=${directory[CA]} "$command" -x -H "${directory[URL]}" \
        -D "${directory[ADMIN_DN]}" -y "${directory[ADMIN_PASSWORD_FILE]}" "$@"
}

if ! "$lab" status | grep "^$name runs" >/dev/null; then
    started=yes
    run "$lab" up "$name" || die "the directory did not start"
fi
read_directory "$name"
root=ou=suites-$$,${directory[TENANTS_OU]}
for ou in "$root" "ou=People,$root" "ou=Groups,$root"; do
    printf 'dn: %s\nobjectClass: organizationalUnit\n\n' "$ou"
done | as_admin ldapadd >/dev/null || die "the OU could not be made"

# --- the bridge ------------------------------------------------------------------------------------

# As the tests build it: without their dependencies cargo would compile nearly everything once more.
run cargo test --quiet --locked --no-run --test it || die "the build failed"
new_token
address=${directory[ADDRESS]}
port=18080
until ! listens "$address" "$port" && ! listens "$address" $(( port + 1 )); do port=$(( port + 2 )); done
(
    umask 077
    cat >"$work/scimbridge.toml" <<TOML
[server]
listen = "$address:$port"
admin_listen = "$address:$(( port + 1 ))"

[directory]
mapping = "${directory[MAPPING]}"
urls = ["${directory[URL]}"]
ca_file = $(toml "${directory[CA]}")
bind_dn = "${directory[BIND_DN]}"
bind_password_file = $(toml "${directory[PASSWORD_FILE]}")

[resources.User]
base = "ou=People,$root"

[resources.Group]
base = "ou=Groups,$root"

# scim-sanity makes somebody a member who does not exist, and expects success.
[references]
unknown_member = "drop"

[[clients]]
name = "suites"
tokens = ["sha256:$hash"]
TOML
)
"${CARGO_TARGET_DIR:-$repository/target}/debug/scimbridge" serve --config "$work/scimbridge.toml" \
    </dev/null >"$work/bridge.log" 2>&1 &
record_process "$work/bridge.pid" $! || true
ready() { curl -fsS --max-time 5 -o "$work/ready" "http://$address:$(( port + 1 ))/readyz" 2>/dev/null; }
if ! wait_until 60 "$work/bridge.pid" ready; then
    tail -n 20 "$work/bridge.log" >&2
    die "scimbridge did not become ready; its log is $work/bridge.log"
fi

# --- the checks ------------------------------------------------------------------------------------

export BASE_URL=http://$address:$port/scim/v2 TOKEN=$token REPORTS=$work
run "$python" "$repository/tests/suites/suites.py" "$name" "$@"
