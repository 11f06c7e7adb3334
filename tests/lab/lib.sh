# shellcheck shell=bash
# What every lab script shares: places, messages, processes, certificates, secrets.
# Source it; do not run it.
#
# Nothing is written outside LAB_ROOT, and the only processes ever signalled are those whose pid and
# start time were recorded below LAB_ROOT by the same script.

lab_home=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$lab_home/../.." && pwd)
LAB_ROOT=${LAB_ROOT:-$repository/target/lab}
case $LAB_ROOT in /*) ;; *) LAB_ROOT=$PWD/$LAB_ROOT ;; esac
export LAB_ROOT
PATH=$PATH:/usr/sbin:/sbin

LAB_SYNC=${LAB_SYNC:-no}        # yes: every write reaches the disk, as in production (slow)

log() { printf '%s\n' "$*" >&2; }
die() { log "error: $*"; exit 1; }
now_ms() { echo $(( $(date +%s%N) / 1000000 )); }

# need COMMAND...: the command is there, or the message says what to install.
need() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null 2>&1 ||
            die "the command \`$command\` is missing; run scripts/prerequisites.sh, which installs it on Debian and Ubuntu"
    done
}

# --- processes -------------------------------------------------------------------------------------

# started_at PID: the kernel's start time of that process (field 22 of its stat line; the name before it may hold spaces).
started_at() {
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    line=${line##*) }
    # shellcheck disable=SC2086  # the split is the point
    set -- $line
    [ "$1" != Z ] || return 1
    echo "${20}"
}

# record_process FILE PID: a pid alone may be reused by the system, pid and start time may not.
record_process() { echo "$2 $(started_at "$2")" >"$1"; }

# recorded_pid FILE: prints the pid when exactly that process still runs.
recorded_pid() {
    local pid start
    { read -r pid start <"$1"; } 2>/dev/null || return 1
    [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && echo "$pid"
}

# process_tree PID: that process and everything below it.
process_tree() {
    local child
    echo "$1"
    # shellcheck disable=SC2013  # words, not lines
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do process_tree "$child"; done
}

# stop_process FILE [SIGNAL]: SIGTERM (after SIGCONT, for it may be frozen), ten seconds of patience, then SIGKILL;
# returns when the process and all its children are gone.
stop_process() {
    local pid member members deadline
    pid=$(recorded_pid "$1") || { rm -f "$1"; return 0; }
    members=$(process_tree "$pid")
    for member in $members; do kill -CONT "$member" 2>/dev/null || true; done
    kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    deadline=$(( $(now_ms) + 10000 ))
    for member in $members; do
        while started_at "$member" >/dev/null; do
            if [ "$(now_ms)" -ge "$deadline" ]; then
                log "process $member ignored SIGTERM for ten seconds: SIGKILL"
                kill -KILL "$member" 2>/dev/null || true
            fi
            sleep 0.02
        done
    done
    rm -f "$1"
}

# listens ADDRESS PORT (an address that a fault makes silent counts as free)
listens() { timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }

# refuse_if_taken ADDRESS PORT VARIABLE
refuse_if_taken() {
    ! listens "$1" "$2" || die "$1:$2 is taken by another program; choose another address with $3=127.0.0.x"
}

# wait_until SECONDS PIDFILE COMMAND...: polls COMMAND; fails when the process dies or the time is over.
wait_until() {
    local deadline=$(( $(now_ms) + $1 * 1000 )) pidfile=$2
    shift 2
    until "$@"; do
        recorded_pid "$pidfile" >/dev/null || return 1
        [ "$(now_ms)" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# with_lock COMMAND...: one lab command at a time per LAB_ROOT. Daemons must be started with 9>&-.
with_lock() {
    need flock
    mkdir -p "$LAB_ROOT"
    exec 9>"$LAB_ROOT/lock"
    flock -w 300 9 || die "another lab command has held $LAB_ROOT/lock for five minutes"
    "$@"
}

# --- secrets and certificates ----------------------------------------------------------------------

# secret NAME: prints a password made once per LAB_ROOT. No newline in the file: ldapsearch -y takes it as it is.
secret() {
    local file=$LAB_ROOT/secrets/$1
    if [ ! -s "$file" ]; then
        need openssl
        mkdir -p "$LAB_ROOT/secrets" && chmod 700 "$LAB_ROOT/secrets"
        # "Aa1-" satisfies the complexity rule of Active Directory whatever the hex digits are.
        (umask 077 && printf 'Aa1-%s' "$(openssl rand -hex 16)" >"$file")
    fi
    cat "$file"
}

# certificate_authority NAME: the lab's own, P-256, made once.
certificate_authority() {
    local dir=$LAB_ROOT/ca
    [ -s "$dir/$1.crt" ] && return 0
    need openssl
    mkdir -p "$dir" && chmod 700 "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
        -subj "/O=scimbridge lab/CN=$1" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout "$dir/$1.key" -out "$dir/$1.crt.part" 2>/dev/null || die "openssl could not make the certificate authority"
    mv "$dir/$1.crt.part" "$dir/$1.crt"
}

# server_certificate DIRECTORY COMMON-NAME SAN...   SAN as openssl spells it: DNS:name or IP:address
server_certificate() {
    local dir=$1 name=$2 names
    shift 2
    names=$(IFS=,; echo "$*")
    certificate_authority ca
    if [ -s "$dir/server.crt" ] && [ "$(cat "$dir/names")" = "$names" ] && [ "$dir/server.crt" -nt "$LAB_ROOT/ca/ca.crt" ]; then
        return 0
    fi
    mkdir -p "$dir"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/O=scimbridge lab/CN=$name" \
        -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null || die "openssl could not make the server key"
    chmod 600 "$dir/server.key"         # samba refuses a key that others may read
    printf 'subjectAltName=%s\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' \
        "$names" >"$dir/extensions"
    openssl x509 -req -sha256 -days 825 -in "$dir/server.csr" -CA "$LAB_ROOT/ca/ca.crt" -CAkey "$LAB_ROOT/ca/ca.key" \
        -CAserial "$dir/serial" -CAcreateserial -extfile "$dir/extensions" -out "$dir/server.crt" 2>/dev/null ||
        die "openssl could not sign the server certificate"
    printf '%s' "$names" >"$dir/names"
    rm -f "$dir/server.csr" "$dir/extensions" "$dir/serial"
}

# assignments NAME=VALUE...: prints shell assignments, one per line, quoted only where the shell needs it.
assignments() {
    local pair
    for pair in "$@"; do
        case ${pair#*=} in
        *[!A-Za-z0-9@%+=:,./_-]*) printf "%s='%s'\n" "${pair%%=*}" "${pair#*=}" ;;
        *) printf '%s\n' "$pair" ;;
        esac
    done
}
