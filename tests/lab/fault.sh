#!/usr/bin/env bash
# Faults between loopback addresses, without a proxy. Needs root (or sudo) and nftables.
#
#   fault.sh drop   ADDRESS [PORT]     packets to ADDRESS vanish: connecting hangs, requests stall
#   fault.sh deny   ADDRESS [PORT]     every packet is answered with a TCP reset: refused, or connection reset
#   fault.sh nonew  ADDRESS [PORT]     new connections hang, established ones go on
#   fault.sh mute   ADDRESS [PORT]     requests arrive and are carried out, the answers are lost
#   fault.sh loss   ADDRESS PORT N     N percent of the packets to ADDRESS vanish
#   fault.sh kill   ADDRESS [PORT]     abort the established sockets, once
#   fault.sh clear  [ADDRESS]          end every fault, or those of one address
#   fault.sh list
#
# The rules live in the table `inet scimbridge_lab` and carry their address as a comment. A fault hurts everyone who
# talks to that address: a test takes one of the lab's ALIASES for itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

privileged() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

verb=${1:-} address=${2:-} port=${3:-}
case $address in ''|127.*|samba|openldap|389ds) ;; *) die "\`$address\` is not a loopback address" ;; esac
case $port in *[!0-9]*) die "\`$port\` is not a port" ;; esac

# add CHAIN RULE...: table and chains are made when missing; all in one nft transaction.
add() {
    local chain=$1
    shift
    need nft
    privileged nft -f - <<NFT
add table inet scimbridge_lab
add chain inet scimbridge_lab out { type filter hook output priority 0; policy accept; }
add rule inet scimbridge_lab $chain $* comment "$address"
NFT
}

clear_address() {
    local rules handle
    rules=$(privileged nft -a list chain inet scimbridge_lab out 2>/dev/null) || return 0
    # `nft -a` ends every rule with "# handle N".
    awk -v mark="comment \"$1\"" 'index($0, mark) { print $NF }' <<<"$rules" | while read -r handle; do
        privileged nft delete rule inet scimbridge_lab out handle "$handle"
    done
}

to="ip daddr $address tcp dport ${port:-1-65535}"
case $verb in
drop|deny|nonew|mute|loss|kill) [ -n "$address" ] || die "which address?" ;;
esac
case $verb in
drop) add out "$to" drop ;;
deny) add out "$to" reject with tcp reset ;;
nonew) add out "$to" tcp flags '&' '(syn|ack)' == syn drop ;;
# Bare acknowledgements (52 bytes) must pass, or the client's kernel would send its request again and again.
mute) add out "ip saddr $address tcp sport ${port:-1-65535}" tcp flags '&' '(syn|rst)' == 0 meta length gt 52 drop ;;
loss) add out "$to" numgen random mod 100 lt "${4:?percent}" drop ;;
kill)
    need ss
    # It says "RTNETLINK answers: Invalid argument" even when it worked.
    privileged ss -K dst "$address" ${port:+dport = ":$port"} >/dev/null 2>&1 || true ;;
clear)
    command -v nft >/dev/null || exit 0
    if [ -n "$address" ]; then clear_address "$address"; else privileged nft delete table inet scimbridge_lab 2>/dev/null || true; fi ;;
clear-instance)                         # the faults of all addresses of one directory; used by `lab down`
    command -v nft >/dev/null || exit 0
    [ "$(id -u)" = 0 ] || exit 0
    # shellcheck source=openldap.sh
    . "$here/openldap.sh"
    # shellcheck source=samba.sh
    . "$here/samba.sh"
    # shellcheck source=389ds.sh
    . "$here/389ds.sh"
    case $address in
    openldap) addresses="$LAB_OPENLDAP_ADDRESS $LAB_OPENLDAP_ALIASES $LAB_OPENLDAP_UNNAMED" ;;
    389ds) addresses="$LAB_389DS_ADDRESS $LAB_389DS_ALIASES $LAB_389DS_UNNAMED" ;;
    *) addresses="$LAB_SAMBA_ADDRESS $LAB_SAMBA_ALIASES $LAB_SAMBA_UNNAMED" ;;
    esac
    for each in $addresses; do clear_address "$each"; done
    rules=$(nft list table inet scimbridge_lab 2>/dev/null) || exit 0
    grep -q comment <<<"$rules" || nft delete table inet scimbridge_lab ;;
list) privileged nft list table inet scimbridge_lab 2>/dev/null || echo "no fault" ;;
*) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
