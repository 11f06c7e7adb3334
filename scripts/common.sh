# shellcheck shell=bash
# What demo.sh and test.sh share. Source it; do not run it.
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../tests/lab/lib.sh
. "$scripts/../tests/lab/lib.sh"
# shellcheck disable=SC2034  # for the scripts that source this
lab=$repository/tests/lab/lab
PATH=$PATH:$HOME/.cargo/bin
cd "$repository" || exit 1

# Job control gives every command started with & a process group of its own, so that it can be ended with its children.
set -m
running=''

# run COMMAND...: like the command itself, but a signal to this script ends it at once instead of after it.
run() {
    local status=0
    "$@" </dev/null &
    running=$!
    wait "$running" || status=$?
    running=''
    return "$status"
}

# end_running: for traps.
end_running() {
    [ -n "$running" ] || return 0
    kill -TERM -- "-$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
    running=''
}

# read_directory NAME: what the lab says of a directory, as the array `directory`; read as data, not run as a script.
# shellcheck disable=SC2034  # for the scripts that source this
read_directory() {
    local key value
    declare -gA directory=()
    while IFS='=' read -r key value; do
        value=${value#\'}
        directory[$key]=${value%\'}
    done < <("$lab" env "$1" 8>&-)
}

# new_token: a token such as `scimbridge token new` makes, and its hash, as the variables `token` and `hash`.
# shellcheck disable=SC2034
new_token() {
    token=scimbridge_$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')
    hash=$(printf %s "$token" | sha256sum | cut -d' ' -f1)
}

# toml TEXT: the text as a TOML string.
toml() { local text=${1//\\/\\\\}; printf '"%s"' "${text//\"/\\\"}"; }
