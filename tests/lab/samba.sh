# shellcheck shell=bash
# A Samba Active Directory domain controller as the lab needs it. Sourced by `lab`; needs root (ports 389 and 636,
# and the provision insists on uid 0). /etc/samba is neither read nor written.
#
#   DC=ad,DC=example,DC=test
#     OU=Services   CN=scimbridge (the bridge's own account, delegated rights only)
#     OU=People, OU=Groups          seeded users and groups; the bridge may write users and groups in them
#     OU=Tenants                    tests make an OU of their own here; the delegation is inherited by it
#     OU=Outside                    a user and a group that the bridge can read and not write
#
# The provision, the OUs, the service account and its delegation are made once and kept as a tar; a fresh domain is
# that tar unpacked. So every fresh domain has the same SID and the same objectGUIDs.

LAB_SAMBA_ADDRESS=${LAB_SAMBA_ADDRESS:-127.0.0.10}
LAB_SAMBA_ALIASES=${LAB_SAMBA_ALIASES-127.0.0.11 127.0.0.12 127.0.0.13 127.0.0.14}
LAB_SAMBA_UNNAMED=${LAB_SAMBA_UNNAMED-127.0.0.19}

samba_realm=AD.EXAMPLE.TEST
samba_domain=EXAMPLE
samba_dns=ad.example.test
samba_base=DC=ad,DC=example,DC=test
samba_admin=CN=Administrator,CN=Users,$samba_base
samba_bridge=CN=scimbridge,OU=Services,$samba_base
samba_dir=$LAB_ROOT/samba
samba_conf=$samba_dir/smb.conf
samba_pid=$samba_dir/lab.pid

samba_tools() {
    need samba samba-tool ldapsearch openssl tar awk sha256sum setsid
    [ -d /usr/share/samba/setup ] || die "Samba's provision templates are missing; run scripts/prerequisites.sh samba"
    [ "$(id -u)" = 0 ] || die "a Samba domain controller can only be started by root"
}

samba_configure() {
    local interfaces='' address sync=yes
    for address in $LAB_SAMBA_ADDRESS $LAB_SAMBA_ALIASES $LAB_SAMBA_UNNAMED; do interfaces+="$address/8 "; done
    [ "$LAB_SYNC" = yes ] && sync=no
    mkdir -p "$samba_dir"/{run,log,lock,state,cache,private,bind}
    chmod 700 "$samba_dir" "$samba_dir/private"
    # The sections netlogon and sysvol must be there before the provision, or it refuses a configuration file of ours.
    cat >"$samba_conf" <<CONF
[global]
  netbios name = DC1
  realm = $samba_realm
  workgroup = $samba_domain
  server role = active directory domain controller
  server services = ldap
  interfaces = $interfaces
  bind interfaces only = yes
  private dir = $samba_dir/private
  lock directory = $samba_dir/lock
  state directory = $samba_dir/state
  cache directory = $samba_dir/cache
  binddns dir = $samba_dir/bind
  pid directory = $samba_dir/run
  ncalrpc dir = $samba_dir/run/ncalrpc
  winbindd socket directory = $samba_dir/run/winbindd
  ntp signd socket directory = $samba_dir/run/ntp
  log file = $samba_dir/log/samba.log
  max log size = 0
  tls enabled = yes
  tls keyfile = $samba_dir/tls/server.key
  tls certfile = $samba_dir/tls/server.crt
  tls cafile = $LAB_ROOT/ca/ca.crt
  ldap server require strong auth = yes
  prefork children = 2
  ldb:nosync = $sync
  dns update command = /bin/true
  spn update command = /bin/true
  samba kcc command = /bin/true
  load printers = no
  disable spoolss = yes
[sysvol]
  path = $samba_dir/state/sysvol
  read only = no
[netlogon]
  path = $samba_dir/state/sysvol/$samba_dns/scripts
  read only = no
CONF
}

# samba_tool ARGUMENTS...: samba-tool on the stopped domain's own database.
samba_tool() {
    local output
    output=$(samba-tool "$@" --configfile="$samba_conf" -H "$samba_dir/private/sam.ldb" 2>&1) ||
        { log "$output"; die "samba-tool $1 $2 failed"; }
    printf '%s\n' "$output"
}

# samba_provision: the domain with everything every test needs.
samba_provision() {
    local begun unit sid
    begun=$(now_ms)
    # 2008 R2 and the schema of 2012 R2 are the newest that Samba 4.17 (Debian 12) offers.
    samba-tool domain provision --configfile="$samba_conf" --quiet \
        --realm="$samba_realm" --domain="$samba_domain" --server-role=dc --host-name=dc1 \
        --host-ip="$LAB_SAMBA_ADDRESS" --adminpass="$(secret samba-admin)" --dns-backend=NONE \
        --function-level=2008_R2 --base-schema=2012_R2 --backend-store=tdb --plaintext-secrets \
        >"$samba_dir/log/provision.log" 2>&1 ||
        { tail -n 20 "$samba_dir/log/provision.log" >&2; die "the Samba provision failed"; }
    /usr/bin/python3 "$lab_home/samba-load.py" "$samba_conf" "$samba_dir/private/sam.ldb" <<LDIF || die "the lab's entries were refused"
$(for unit in Services People Groups Tenants Outside; do
    printf 'dn: OU=%s,%s\nobjectClass: organizationalUnit\n\n' "$unit" "$samba_base"
done)

dn: $samba_bridge
objectClass: user
sAMAccountName: svc-scimbridge
userPrincipalName: svc-scimbridge@$samba_dns
userAccountControl: 66048
clearTextPassword: $(secret samba-bridge)

dn: CN=Olga Outsider,OU=Outside,$samba_base
objectClass: user
sAMAccountName: outsider
userPrincipalName: outsider@$samba_dns
givenName: Olga
sn: Outsider
displayName: Olga Outsider
mail: outsider@example.test
userAccountControl: 512
clearTextPassword: $(secret samba-outsider)

dn: CN=Outsiders,OU=Outside,$samba_base
objectClass: group
sAMAccountName: outsiders
groupType: -2147483646
member: CN=Olga Outsider,OU=Outside,$samba_base
LDIF
    sid=$(samba_tool user show svc-scimbridge --attributes=objectSid | sed -n 's/^objectSid: //p')
    for unit in People Groups Tenants; do
        samba_tool dsacl set --action=allow --objectdn="OU=$unit,$samba_base" \
            --sddl="$("$lab_home/delegate.sh" "$sid" contact)" >/dev/null
    done
    log "Samba domain provisioned in $(( $(now_ms) - begun )) ms"
}

# samba_recipe FILE...: what a kept domain is made of: these files, the passwords and this Samba.
samba_recipe() {
    secret samba-admin >/dev/null
    secret samba-bridge >/dev/null
    secret samba-outsider >/dev/null
    cat "$lab_home/samba.sh" "$lab_home/samba-load.py" "$lab_home/delegate.sh" "$@" "$LAB_ROOT/secrets"/samba-* \
        <(samba --version) | sha256sum | cut -c1-16
}

# samba_unpack TAR: the domain that was kept, if there is one.
samba_unpack() {
    local begun
    begun=$(now_ms)
    rm -rf "$samba_dir"
    [ -s "$1" ] || return 1
    tar -C "$LAB_ROOT" -xf "$1"
    samba_configure
    log "Samba domain unpacked in $(( $(now_ms) - begun )) ms"
}

# samba_keep TAR: keeps the stopped domain in the place of those of the same sort.
samba_keep() {
    mkdir -p "$LAB_ROOT/cache" && chmod 700 "$LAB_ROOT/cache"
    rm -f "${1%-*}"-*
    tar -C "$LAB_ROOT" --sparse -cf "$1.part" samba && mv "$1.part" "$1"
}

samba_build() {
    local cache
    cache=$LAB_ROOT/cache/samba-$(samba_recipe).tar
    samba_unpack "$cache" && return
    samba_configure
    samba_provision
    samba_keep "$cache"
}

samba_answers() {
    LDAPTLS_CACERT=$LAB_ROOT/ca/ca.crt ldapsearch -LLL -x -o nettimeout=2 -H "ldaps://$LAB_SAMBA_ADDRESS" \
        -s base -b '' defaultNamingContext >/dev/null 2>&1
}

samba_start() {
    local address names=(DNS:localhost "DNS:dc1.$samba_dns" "DNS:$samba_dns") begun
    recorded_pid "$samba_pid" >/dev/null && return 0
    [ -d "$samba_dir/private" ] || die "there is no Samba domain to start; use \`lab up samba\`"
    begun=$(now_ms)
    for address in $LAB_SAMBA_ADDRESS $LAB_SAMBA_ALIASES $LAB_SAMBA_UNNAMED; do
        refuse_if_taken "$address" 636 LAB_SAMBA_ADDRESS
    done
    for address in $LAB_SAMBA_ADDRESS $LAB_SAMBA_ALIASES; do names+=("IP:$address"); done
    certificate_authority other
    server_certificate "$samba_dir/tls" "dc1.$samba_dns" "${names[@]}"
    rm -f "$samba_dir/run/"*.pid
    setsid samba --configfile="$samba_conf" --foreground --no-process-group --model=prefork \
        </dev/null >"$samba_dir/log/stdout.log" 2>&1 9>&- &
    record_process "$samba_pid" $!
    wait_until 30 "$samba_pid" samba_answers ||
        { cat "$samba_dir/log/stdout.log" "$samba_dir/log/samba.log" 2>/dev/null | tail -n 20 >&2; die "Samba did not start"; }
    log "Samba AD answers on ldaps://$LAB_SAMBA_ADDRESS after $(( $(now_ms) - begun )) ms"
}

# samba_up COUNT: a fresh domain with COUNT seeded users, unless one runs.
samba_up() {
    samba_tools
    recorded_pid "$samba_pid" >/dev/null && { log "Samba runs already"; return 0; }
    # A thousand users take seconds, ten thousand minutes: the domain with many is kept, too.
    local seeded=''
    [ "$1" -lt 1000 ] || seeded=$LAB_ROOT/cache/seeded_samba-$(samba_recipe "$lab_home/seed.awk" <(echo "$1")).tar
    if [ -z "$seeded" ] || ! samba_unpack "$seeded"; then
        samba_build
        [ "$1" = 0 ] || samba_seed "$1"
        [ -z "$seeded" ] || samba_keep "$seeded"
    fi
    samba_start
}

samba_down() {
    stop_process "$samba_pid"
    rm -rf "$samba_dir"
}

# samba_seed COUNT: COUNT users in OU=People and their groups in OU=Groups, offline.
samba_seed() {
    local running='' begun
    samba_tools
    begun=$(now_ms)
    [ ! -e "$samba_dir/seeded" ] || die "this Samba is seeded already; \`lab down samba\` first"
    recorded_pid "$samba_pid" >/dev/null && running=yes
    stop_process "$samba_pid"
    awk -v kind=samba -v count="$1" -v base="$samba_base" -f "$lab_home/seed.awk" |
        /usr/bin/python3 "$lab_home/samba-load.py" "$samba_conf" "$samba_dir/private/sam.ldb" "$LAB_ROOT/secrets/samba-outsider" ||
        die "Samba refused the seeded entries"
    touch "$samba_dir/seeded"
    log "Samba seeded with $1 users in $(( $(now_ms) - begun )) ms"
    [ -z "$running" ] || samba_start
}

samba_env() {
    secret samba-bridge >/dev/null
    secret samba-admin >/dev/null
    assignments KIND=active-directory MAPPING=active-directory \
        "URL=ldaps://$LAB_SAMBA_ADDRESS:636" "PLAIN_URL=ldap://$LAB_SAMBA_ADDRESS:389" \
        "ADDRESS=$LAB_SAMBA_ADDRESS" PORT=389 TLS_PORT=636 \
        "ALIASES=$LAB_SAMBA_ALIASES" "UNNAMED_ADDRESS=$LAB_SAMBA_UNNAMED" \
        "BASE=$samba_base" "PEOPLE_OU=OU=People,$samba_base" "GROUPS_OU=OU=Groups,$samba_base" \
        "TENANTS_OU=OU=Tenants,$samba_base" "OUTSIDE_OU=OU=Outside,$samba_base" \
        "OUTSIDER=CN=Olga Outsider,OU=Outside,$samba_base" "OUTSIDERS=CN=Outsiders,OU=Outside,$samba_base" \
        "BIND_DN=$samba_bridge" "PASSWORD_FILE=$LAB_ROOT/secrets/samba-bridge" \
        "ADMIN_DN=$samba_admin" "ADMIN_PASSWORD=$(secret samba-admin)" "ADMIN_PASSWORD_FILE=$LAB_ROOT/secrets/samba-admin" \
        "CA=$LAB_ROOT/ca/ca.crt" "OTHER_CA=$LAB_ROOT/ca/other.crt" \
        SIZE_LIMIT= "PID=$(recorded_pid "$samba_pid")"
}
