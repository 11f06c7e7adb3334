#!/usr/bin/env bash
# A private directory and the bridge in front of it, until Ctrl-C. Called by `make demo`.
#
#   DIRECTORY  openldap (default), samba or 389ds
#   PORT       of the SCIM service on 127.0.0.1 (8080)
#   USERS      how many sample users the directory starts with (25)
#   DEMO_ADDRESS   loopback address of the directory (the first free one of 127.0.0.40 to 127.0.0.49)
#
# Everything it writes is below target/demo; everything it starts ends with it.
set -euo pipefail
demo=$(cd "$(dirname "$0")/.." && pwd)/target/demo
export LAB_ROOT=$demo/lab
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

DIRECTORY=${DIRECTORY:-openldap}
PORT=${PORT:-8080}
USERS=${USERS:-25}
case $DIRECTORY in
openldap|samba|389ds) ;;
*) die "DIRECTORY=$DIRECTORY: this demonstration knows openldap, samba and 389ds" ;;
esac
case $PORT in ''|*[!0-9]*) die "PORT=$PORT is not a port number" ;; esac
if [ "$PORT" -lt 1 ] || [ "$PORT" -gt 65535 ]; then die "PORT=$PORT is not between 1 and 65535"; fi
case $USERS in ''|*[!0-9]*) die "USERS=$USERS is not a number" ;; esac

"$scripts/prerequisites.sh" build demo "$DIRECTORY"
mkdir -p "$demo"
exec 8>"$demo/lock"
flock -n 8 || die "a demonstration runs already in $repository (see target/demo/env)"

stop_all() {
    trap '' INT TERM HUP
    end_running
    set +m              # no word from the shell about how the bridge ended
    stop_process "$demo/bridge.pid"
    "$lab" down "$DIRECTORY" 8>&- 2>/dev/null || log "the directory did not stop cleanly; see $demo/lab"
    rm -f "$demo/env"
}
interrupted() { log; log "stopping"; exit 0; }
trap stop_all EXIT
trap interrupted INT TERM HUP

# Left over by a demonstration that was killed.
stop_process "$demo/bridge.pid"
"$lab" down openldap 8>&- 2>/dev/null
"$lab" down samba 8>&- 2>/dev/null
"$lab" down 389ds 8>&- 2>/dev/null
rm -f "$demo/env"

listens 127.0.0.1 "$PORT" && die "port $PORT is taken by another program; choose one with \`make demo PORT=8090\`"
admin_port=$PORT
until [ "$admin_port" != "$PORT" ] && ! listens 127.0.0.1 "$admin_port"; do admin_port=$(( admin_port % 65535 + 1 )); done
case $DIRECTORY in
openldap) directory_port=1636 directory_name=OpenLDAP ;;
samba) directory_port=636 directory_name='Samba Active Directory' ;;
389ds) directory_port=3636 directory_name='389 Directory Server' ;;
esac
address=${DEMO_ADDRESS:-}
for last in 40 41 42 43 44 45 46 47 48 49; do
    [ -z "$address" ] || break
    listens "127.0.0.$last" "$directory_port" || address=127.0.0.$last
done
[ -n "$address" ] || die "all of 127.0.0.40 to 127.0.0.49 are taken on port $directory_port; choose an address with DEMO_ADDRESS"

log "building scimbridge (the first time some 8 minutes on two cores)"
run cargo build --profile demo --locked --bin scimbridge || die "the build failed"
target=${CARGO_TARGET_DIR:-$repository/target}

export LAB_OPENLDAP_ADDRESS=$address LAB_OPENLDAP_ALIASES='' LAB_OPENLDAP_UNNAMED=''
export LAB_SAMBA_ADDRESS=$address LAB_SAMBA_ALIASES='' LAB_SAMBA_UNNAMED=''
export LAB_389DS_ADDRESS=$address LAB_389DS_ALIASES='' LAB_389DS_UNNAMED=''
run "$lab" up "$DIRECTORY" --users "$USERS" 8>&- || die "the directory did not start"

read_directory "$DIRECTORY"
new_token
base_url=http://127.0.0.1:$PORT/scim/v2
admin_url=http://127.0.0.1:$admin_port
umask 077
cat >"$demo/scimbridge.toml" <<TOML
# Written by \`make demo\`.
[server]
listen = "127.0.0.1:$PORT"
admin_listen = "127.0.0.1:$admin_port"
shutdown_timeout = "5s"

[directory]
mapping = "${directory[MAPPING]}"
urls = ["${directory[URL]}"]
ca_file = $(toml "${directory[CA]}")
# The bridge's own account: it may write users and groups in the bases below and nothing else.
bind_dn = "${directory[BIND_DN]}"
bind_password_file = $(toml "${directory[PASSWORD_FILE]}")

[resources.User]
base = "${directory[PEOPLE_OU]}"

[resources.Group]
base = "${directory[GROUPS_OU]}"

[[clients]]
name = "demo"
tokens = ["sha256:$hash"]
TOML
umask 022

"$target/demo/scimbridge" serve --config "$demo/scimbridge.toml" </dev/null >"$demo/bridge.log" 2>&1 8>&- &
bridge=$!
record_process "$demo/bridge.pid" "$bridge" || true
scim_answers() {
    # The token goes through a file descriptor: arguments can be seen by every user of the machine.
    curl -fsS --max-time 5 -o "$demo/answer" -K <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
        "$base_url/Users?count=1" 2>"$demo/curl.log"
}
# In the background like everything long, so that a signal is heard at once.
if ! wait_until 60 "$demo/bridge.pid" scim_answers; then
    tail -n 20 "$demo/bridge.log" "$demo/curl.log" >&2 || true
    die "scimbridge did not answer on $base_url; its log is $demo/bridge.log"
fi
rm -f "$demo/curl.log" "$demo/answer"

(
    umask 077
    assignments "BASE_URL=$base_url" "TOKEN=$token" "ADMIN_URL=$admin_url" \
        "LDAP_URL=${directory[URL]}" "LDAP_BIND_DN=${directory[ADMIN_DN]}" "LDAP_PASSWORD_FILE=${directory[ADMIN_PASSWORD_FILE]}" \
        "LDAP_BASE=${directory[BASE]}" "LDAP_CA=${directory[CA]}" "GATEWAY_PID=$bridge" \
        "SCIMBRIDGE=$target/demo/scimbridge" "CONFIG=$demo/scimbridge.toml" >"$demo/env.part"
    mv "$demo/env.part" "$demo/env"
)

quoted() { printf '%q' "$1"; }
cat <<TEXT

scimbridge answers on $base_url in front of a private $directory_name with $USERS users.

Create a person (in another terminal):

curl -sS -H 'Authorization: Bearer $token' -H 'Content-Type: application/scim+json' $base_url/Users -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"mary.somerville@example.test","name":{"givenName":"Mary","familyName":"Somerville"},"displayName":"Mary Somerville","emails":[{"value":"mary.somerville@example.test","type":"work","primary":true}],"active":true}'

See her in the directory:

LDAPTLS_CACERT=$(quoted "${directory[CA]}") ldapsearch -LLL -x -H ${directory[URL]} -D '${directory[ADMIN_DN]}' -y $(quoted "${directory[ADMIN_PASSWORD_FILE]}") -b '${directory[PEOPLE_OU]}' '(mail=mary.somerville@example.test)'

All addresses and secrets: target/demo/env      the bridge's log: target/demo/bridge.log
Health and metrics: $admin_url/readyz $admin_url/metrics
Ctrl-C stops everything.
TEXT

status=0
wait "$bridge" || status=$?
tail -n 20 "$demo/bridge.log" >&2
die "scimbridge ended by itself (exit code $status); its log is $demo/bridge.log"
