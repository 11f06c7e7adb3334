#!/usr/bin/env bash
# Entry point of the image: makes the domain at the first start, then serves it.
#
#   REALM           AD.EXAMPLE.TEST
#   DOMAIN          EXAMPLE
#   ADDRESS         address to serve on (all of them)
#   CLIENT_OWNER    numeric user that may read the hand-over files (65532, the bridge's)
#
# Volumes: /var/lib/samba-ad holds the domain; /handover gets ca.crt, bind-password and administrator-password.
set -euo pipefail
realm=${REALM:-AD.EXAMPLE.TEST}
domain=${DOMAIN:-EXAMPLE}
owner=${CLIENT_OWNER:-65532}
dns=${realm,,}
base=DC=${dns//./,DC=}
state=/var/lib/samba-ad
conf=$state/smb.conf
handover=/handover

password() { printf 'Aa1-%s' "$(openssl rand -hex 16)"; }

configure() {
    mkdir -p "$state"/{private,lock,state,cache,bind,log,tls,run}
    chmod 700 "$state/private" "$state/tls"
    cat >"$conf" <<CONF
[global]
  netbios name = DC1
  realm = $realm
  workgroup = $domain
  server role = active directory domain controller
  server services = ldap
  ${ADDRESS:+interfaces = $ADDRESS/8}
  ${ADDRESS:+bind interfaces only = yes}
  private dir = $state/private
  lock directory = $state/lock
  state directory = $state/state
  cache directory = $state/cache
  binddns dir = $state/bind
  pid directory = $state/run
  ncalrpc dir = $state/run/ncalrpc
  winbindd socket directory = $state/run/winbindd
  ntp signd socket directory = $state/run/ntp
  log file = $state/log/samba.log
  tls enabled = yes
  tls keyfile = $state/tls/server.key
  tls certfile = $state/tls/server.crt
  tls cafile = $handover/ca.crt
  ldap server require strong auth = yes
  dns update command = /bin/true
  spn update command = /bin/true
  samba kcc command = /bin/true
  load printers = no
  # File attributes go to a database: the kernel's security attributes would need CAP_SYS_ADMIN in the container.
  vfs objects = dfs_samba4 acl_xattr xattr_tdb
  xattr_tdb:file = $state/state/xattr.tdb
[sysvol]
  path = $state/state/sysvol
[netlogon]
  path = $state/state/sysvol/$dns/scripts
CONF
}

certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 -subj "/CN=$dns trial CA" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -keyout "$state/tls/ca.key" -out "$handover/ca.crt" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=dc1.$dns" \
        -keyout "$state/tls/server.key" -out "$state/tls/server.csr" 2>/dev/null
    openssl x509 -req -sha256 -days 825 -in "$state/tls/server.csr" -CA "$handover/ca.crt" -CAkey "$state/tls/ca.key" \
        -CAserial "$state/tls/serial" -CAcreateserial -out "$state/tls/server.crt" \
        -extfile <(printf 'subjectAltName=DNS:dc1.%s,DNS:dc1,DNS:localhost,IP:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' \
            "$dns" "${ADDRESS:-127.0.0.1}") 2>/dev/null
    chmod 600 "$state/tls/server.key"           # samba refuses a key that others may read
    chmod 644 "$handover/ca.crt"
}

tool() { samba-tool "$@" --configfile="$conf" -H "$state/private/sam.ldb"; }

provision() {
    local unit sid
    rm -rf "${state:?}"/*
    configure
    certificates
    (umask 077 && password >"$handover/administrator-password" && password >"$handover/bind-password")
    chown "$owner" "$handover/bind-password"
    samba-tool domain provision --configfile="$conf" --quiet --realm="$realm" --domain="$domain" --server-role=dc \
        --host-name=dc1 --host-ip="${ADDRESS:-127.0.0.1}" --adminpass="$(cat "$handover/administrator-password")" \
        --dns-backend=NONE --function-level=2008_R2 --base-schema=2012_R2 --plaintext-secrets
    for unit in Services People Groups; do tool ou add "OU=$unit,$base"; done
    tool user add svc-scimbridge "$(cat "$handover/bind-password")" --userou=OU=Services
    tool user rename svc-scimbridge --force-new-cn=scimbridge
    tool user setexpiry svc-scimbridge --noexpiry
    sid=$(tool user show svc-scimbridge --attributes=objectSid | sed -n 's/^objectSid: //p')
    for unit in People Groups; do
        tool dsacl set --action=allow --objectdn="OU=$unit,$base" --sddl="$(delegate.sh "$sid")" >/dev/null
    done
    touch "$state/provisioned"
}

# An interrupted provision leaves half a database: only the marker counts.
[ -e "$state/provisioned" ] || provision
configure
rm -f "$state/run/"*.pid
exec samba --configfile="$conf" --foreground --no-process-group --debug-stdout
