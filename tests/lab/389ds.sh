# shellcheck shell=bash
# 389 Directory Server (ns-slapd, bdb) as the lab needs it. Sourced by `lab`; needs root, who alone can read /etc/dirsrv.
# Neither dscreate nor systemd: the configuration is the package's own template, filled in, and everything lies below
# LAB_ROOT.
#
#   dc=example,dc=test
#     ou=services   cn=scimbridge (the bridge's own account, rights by ACI only)
#     ou=people, ou=groups          seeded users and groups; the bridge may write users and groups in them
#     ou=tenants                    tests make an OU of their own here; the ACI is inherited by it
#     ou=outside                    a user and a group that the bridge can read and not write
#     ou=policies                   the password policy of service accounts
#
# ns-slapd listens on one address, or on all addresses of one host name. With ALIASES or UNNAMED it is started in a mount
# namespace of its own, whose /etc/hosts gives that name all addresses.

LAB_389DS_ADDRESS=${LAB_389DS_ADDRESS:-127.0.0.30}
LAB_389DS_PORT=${LAB_389DS_PORT:-3389}
LAB_389DS_TLS_PORT=${LAB_389DS_TLS_PORT:-3636}
LAB_389DS_ALIASES=${LAB_389DS_ALIASES-127.0.0.31 127.0.0.32 127.0.0.33 127.0.0.34}
LAB_389DS_UNNAMED=${LAB_389DS_UNNAMED-127.0.0.39}
LAB_389DS_SIZE_LIMIT=${LAB_389DS_SIZE_LIMIT:-500}           # felt by the bridge's account, where it does not page
LAB_389DS_SCHEMA=${LAB_389DS_SCHEMA:-$repository/mappings/389ds-schema.ldif}

ds389_base=dc=example,dc=test
ds389_admin='cn=Directory Manager'                          # ignores limits and rules, so tests only prepare with it
ds389_bridge=cn=scimbridge,ou=services,$ds389_base
ds389_dir=$LAB_ROOT/389ds
ds389_pid=$ds389_dir/run/lab.pid
ds389_host=ldap389.example.test

ds389_tools() {
    need ns-slapd pwdhash certutil pk12util openssl awk ldapsearch tar sha256sum setsid
    [ -f /usr/share/dirsrv/data/template-dse.ldif ] || die "the template of 389 DS is missing; run scripts/prerequisites.sh 389ds"
    [ "$(id -u)" = 0 ] || die "a 389 DS can only be set up by root"
}

ds389_has_aliases() { [ -n "$LAB_389DS_ALIASES$LAB_389DS_UNNAMED" ]; }

ds389_hash() { pwdhash -s SSHA512 "$(secret "$1")"; }

# ds389_uuid N: entries that are imported bring their entryUUID along; the plugin makes them for entries that are added.
ds389_uuid() { printf '00000000-5eed-4389-8000-%012x' "$1"; }

# ds389_plugin NAME LINE...: switches a plugin of the template on and gives it these lines.
ds389_plugin() {
    local name=$1
    shift
    awk -v head="dn: cn=$name,cn=plugins,cn=config" -v lines="$(printf '%s\n' "$@")" '
        $0 == head { inside = 1 }
        inside && tolower($0) ~ /^nsslapd-pluginenabled:/ { $0 = "nsslapd-pluginEnabled: on" (lines == "" ? "" : "\n" lines) }
        $0 == "" { inside = 0 }
        { print }'
}

# ds389_index NAME KIND...
ds389_index() {
    printf 'dn: cn=%s,cn=index,cn=userroot,cn=ldbm database,cn=plugins,cn=config\nobjectClass: top\nobjectClass: nsIndex\ncn: %s\nnsSystemIndex: false\n' "$1" "$1"
    shift
    printf 'nsIndexType: %s\n' "$@"
    printf '\n'
}

# ds389_schema_indexes FILE: an index for every attribute of a schema file that has a matching rule to index by.
ds389_schema_indexes() {
    local name rules
    awk '
        /^ / { line = line substr($0, 2); next }
        { emit(); line = $0 }
        END { emit() }
        function emit(   name) {
            if (tolower(line) !~ /^attributetypes:/ || line !~ /EQUALITY/) return
            name = line
            sub(/.*NAME *\(? *\047/, "", name); sub(/\047.*/, "", name)
            print name, "eq pres" (line ~ /SUBSTR / ? " sub" : "")
        }' "$1" | while read -r name rules; do
        # shellcheck disable=SC2086  # several words
        ds389_index "$name" $rules
    done
}

# passwordMinTokenLength: by default no password may share three characters in a row with the person's names and mail, which
# tests with random names would break by chance.
#
# The entryUUID plugins are not in the template: a server adds them when it first starts, and has them from its second.
ds389_config() {
    local durable=off listen=$LAB_389DS_ADDRESS name attribute
    [ "$LAB_SYNC" = yes ] && durable=on
    ds389_has_aliases && listen=$ds389_host
    sed -e "s|%schema_dir%|$ds389_dir/config/schema|" -e "s|%config_dir%|$ds389_dir/config|" -e "s|%cert_dir%|$ds389_dir/tls|" \
        -e "s|%db_dir%|$ds389_dir/data|" -e "s|%db_home_dir%|$ds389_dir/data|" -e "s|%db_lib%|bdb|" \
        -e "s|%lock_dir%|$ds389_dir/run|" -e "s|%run_dir%|$ds389_dir/run|" -e "s|%inst_dir%|$ds389_dir/run|" \
        -e "s|%tmp_dir%|$ds389_dir/tmp|" -e "s|%ldif_dir%|$ds389_dir/tmp|" -e "s|%bak_dir%|$ds389_dir/tmp|" \
        -e "s|%log_dir%|$ds389_dir/log|" -e "s|%fqdn%|$ds389_host|" -e "s|%ds_user%|$(id -un)|" -e "s|%ds_suffix%|$ds389_base|" \
        -e "s|%rootdn%|$ds389_admin|" -e "s|%ds_passwd%|$(ds389_hash 389ds-admin)|" \
        -e "s|%ldapi%|$ds389_dir/run/ldapi|" -e "s|%ldapi_enabled%|off|" -e "s|%ldapi_autobind%|off|" \
        -e "s|^nsslapd-port: .*|nsslapd-port: $LAB_389DS_PORT\\
nsslapd-listenhost: $listen\\
nsslapd-securePort: $LAB_389DS_TLS_PORT\\
nsslapd-securelistenhost: $listen\\
nsslapd-security: on\\
nsslapd-rootpwstoragescheme: SSHA512\\
nsslapd-allow-anonymous-access: rootdse\\
nsslapd-pwpolicy-local: on\\
passwordCheckSyntax: on\\
passwordMinLength: 8\\
passwordMinTokenLength: 64\\
passwordLockout: on\\
passwordMaxFailure: 5\\
passwordUnlock: off|" \
        -e "s|^nsslapd-backend-implement:.*|&\\
nsslapd-cache-autosize: 0\\
nsslapd-dbcachesize: 67108864\\
nsslapd-db-locks: 100000\\
nsslapd-db-durable-transaction: $durable|" \
        /usr/share/dirsrv/data/template-dse.ldif |
        ds389_plugin 'MemberOf Plugin' 'memberOfAutoAddOC: nsMemberOf' 'memberOfSkipNested: on' |
        ds389_plugin 'referential integrity postoperation' 'referint-membership-attr: manager' |
        ds389_plugin 'attribute uniqueness' |
        ds389_plugin 'USN'
    cat <<LDIF
dn: cn=attribute uniqueness mail,cn=plugins,cn=config
objectClass: top
objectClass: nsSlapdPlugin
objectClass: extensibleObject
cn: attribute uniqueness mail
nsslapd-pluginPath: libattr-unique-plugin
nsslapd-pluginInitfunc: NSUniqueAttr_Init
nsslapd-pluginType: betxnpreoperation
nsslapd-pluginEnabled: on
uniqueness-attribute-name: mail
uniqueness-subtrees: $ds389_base
uniqueness-across-all-subtrees: off
nsslapd-plugin-depends-on-type: database

dn: cn=entryuuid_syntax,cn=plugins,cn=config
objectClass: top
objectClass: nsSlapdPlugin
cn: entryuuid_syntax
nsslapd-pluginPath: libentryuuid-syntax-plugin
nsslapd-pluginInitfunc: entryuuid_syntax_plugin_init
nsslapd-pluginType: syntax
nsslapd-pluginEnabled: on

dn: cn=entryuuid,cn=plugins,cn=config
objectClass: top
objectClass: nsSlapdPlugin
cn: entryuuid
nsslapd-pluginPath: libentryuuid-plugin
nsslapd-pluginInitfunc: entryuuid_plugin_init
nsslapd-pluginType: betxnpreoperation
nsslapd-pluginEnabled: on

dn: cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
cn: mapping tree

dn: cn="$ds389_base",cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: $ds389_base
cn: "$ds389_base"
nsslapd-state: backend
nsslapd-backend: userroot

dn: cn=userroot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userroot
nsslapd-suffix: $ds389_base
nsslapd-directory: $ds389_dir/data/userroot

dn: cn=index,cn=userroot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
cn: index

LDIF
    for name in uid mail cn sn givenName displayName employeeNumber telephoneNumber; do ds389_index "$name" eq pres sub; done
    for name in entryUUID member memberOf manager owner seeAlso uniqueMember nsAccountLock; do ds389_index "$name" eq pres; done
    [ ! -s "$LAB_389DS_SCHEMA" ] || ds389_schema_indexes "$LAB_389DS_SCHEMA"
}

# The ACIs of a tree in which the bridge writes: users and groups, the rooms of docs/custom-types.md, and nothing else. `*` is every attribute but the
# operational ones, so the lock is named; read is not among the rights, so that the password can be set and not read.
ds389_delegation() {
    cat <<LDIF
aci: (targetattr = "* || nsAccountLock")(targetfilter = "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames)(objectClass=room))")(version 3.0; acl "scimbridge writes users, groups and rooms"; allow (add, delete, write) userdn = "ldap:///$ds389_bridge";)
aci: (target_from = "ldap:///$1")(target_to = "ldap:///$1")(version 3.0; acl "scimbridge moves them in here"; allow (moddn) userdn = "ldap:///$ds389_bridge";)
LDIF
}

ds389_entries() {
    local unit number=1
    cat <<LDIF
version: 1

dn: $ds389_base
objectClass: domain
dc: example
entryUUID: $(ds389_uuid 0)
aci: (targetattr != "userPassword || aci")(version 3.0; acl "Who is signed in may read"; allow (read, search, compare) userdn = "ldap:///all";)

LDIF
    for unit in services people groups tenants outside policies; do
        printf 'dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\nentryUUID: %s\n' \
            "$unit" "$ds389_base" "$unit" "$(ds389_uuid "$number")"
        case $unit in people|groups|tenants) ds389_delegation "ou=$unit,$ds389_base" ;; esac
        printf '\n'
        number=$(( number + 1 ))
    done
    # Limits: pages may add up to everything, an unpaged search stops at the size limit. The number of entries looked at
    # is not limited: 389 DS looks at all of them where an index has no answer or too many (nsslapd-idlistscanlimit).
    # A service account that a guesser could lock would take the bridge down: it has a policy without lockout.
    cat <<LDIF
dn: $ds389_bridge
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: scimbridge
userPassword: $(ds389_hash 389ds-bridge)
entryUUID: $(ds389_uuid 101)
nsSizeLimit: $LAB_389DS_SIZE_LIMIT
nsPagedSizeLimit: -1
nsLookThroughLimit: -1
nsPagedLookThroughLimit: -1
nsIDListScanLimit: -1
nsPagedIDListScanLimit: -1
pwdPolicySubentry: cn=services,ou=policies,$ds389_base

dn: cn=services,ou=policies,$ds389_base
objectClass: ldapsubentry
objectClass: passwordPolicy
cn: services
entryUUID: $(ds389_uuid 102)
passwordLockout: off

dn: uid=outsider,ou=outside,$ds389_base
objectClass: inetOrgPerson
objectClass: nsMemberOf
uid: outsider
cn: Olga Outsider
sn: Outsider
givenName: Olga
mail: outsider@example.test
memberOf: cn=outsiders,ou=outside,$ds389_base
entryUUID: $(ds389_uuid 103)

dn: cn=outsiders,ou=outside,$ds389_base
objectClass: groupOfNames
cn: outsiders
member: uid=outsider,ou=outside,$ds389_base
entryUUID: $(ds389_uuid 104)

LDIF
}

# ds389_import FILE: the database of the stopped server becomes what the file says.
ds389_import() {
    ns-slapd ldif2db -D "$ds389_dir/config" -n userroot -i "$1" >"$ds389_dir/log/import.log" 2>&1 ||
        { tail -n 20 "$ds389_dir/log/import.log" >&2; die "389 DS refused the entries of $1"; }
    ! grep -q 'Skipping entry' "$ds389_dir/log/import.log" ||
        { grep 'Skipping entry' "$ds389_dir/log/import.log" | head -n 5 >&2; die "389 DS left entries of $1 out"; }
}

# ds389_certificate: the server's certificate, as NSS keeps it.
ds389_certificate() {
    local address names=(DNS:localhost "DNS:$ds389_host")
    for address in $LAB_389DS_ADDRESS $LAB_389DS_ALIASES; do names+=("IP:$address"); done
    certificate_authority ca
    certificate_authority other
    server_certificate "$ds389_dir/tls" "$ds389_host" "${names[@]}"
    certutil -N -d "$ds389_dir/tls" --empty-password
    certutil -A -d "$ds389_dir/tls" -n lab-ca -t CT,, -i "$LAB_ROOT/ca/ca.crt"
    openssl pkcs12 -export -name Server-Cert -inkey "$ds389_dir/tls/server.key" -in "$ds389_dir/tls/server.crt" \
        -passout pass: -out "$ds389_dir/tls/server.p12"
    pk12util -i "$ds389_dir/tls/server.p12" -d "$ds389_dir/tls" -K '' -W '' >/dev/null
}

ds389_build() {
    local address
    rm -rf "$ds389_dir"
    mkdir -p "$ds389_dir"/{config/schema,data/userroot,log,run,tmp,tls}
    chmod 700 "$ds389_dir"
    ds389_certificate
    cp /etc/dirsrv/config/slapd-collations.conf /etc/dirsrv/config/certmap.conf "$ds389_dir/config/"
    cp /etc/dirsrv/schema/99user.ldif "$ds389_dir/config/schema/"
    [ ! -s "$LAB_389DS_SCHEMA" ] || cp "$LAB_389DS_SCHEMA" "$ds389_dir/config/schema/98scimbridge.ldif"
    ds389_config >"$ds389_dir/config/dse.ldif"
    {
        cat /etc/hosts
        for address in $LAB_389DS_ADDRESS $LAB_389DS_ALIASES $LAB_389DS_UNNAMED; do echo "$address $ds389_host"; done
    } >"$ds389_dir/hosts"
    ds389_entries >"$ds389_dir/entries.ldif"
}

ds389_answers() {
    LDAPTLS_CACERT=$LAB_ROOT/ca/ca.crt ldapsearch -LLL -x -o nettimeout=2 \
        -H "ldaps://$LAB_389DS_ADDRESS:$LAB_389DS_TLS_PORT" -s base -b '' supportedControl >/dev/null 2>&1
}

ds389_start() {
    local address begun isolated=()
    recorded_pid "$ds389_pid" >/dev/null && return 0
    [ -d "$ds389_dir/config" ] || die "there is no 389 DS to start; use \`lab up 389ds\`"
    begun=$(now_ms)
    for address in $LAB_389DS_ADDRESS $LAB_389DS_ALIASES $LAB_389DS_UNNAMED; do
        refuse_if_taken "$address" "$LAB_389DS_TLS_PORT" LAB_389DS_ADDRESS
    done
    if ds389_has_aliases; then
        # shellcheck disable=SC2016  # for the inner shell
        isolated=(unshare --mount --propagation private sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$ds389_dir/hosts")
    fi
    # Left by a server that was killed, and enough for the next one not to start while its zombie is there.
    rm -f "$ds389_dir/run/server"/* "$ds389_dir/run/imports"/* "$ds389_dir/run/exports"/*
    # -d keeps ns-slapd in the foreground, so that the pid is the one recorded.
    setsid "${isolated[@]}" ns-slapd -D "$ds389_dir/config" -i "$ds389_dir/run/ns-slapd.pid" -d 0 \
        </dev/null >>"$ds389_dir/log/stdout.log" 2>&1 9>&- &
    record_process "$ds389_pid" $!
    wait_until 30 "$ds389_pid" ds389_answers || { tail -n 20 "$ds389_dir/log/stdout.log" >&2; die "ns-slapd did not start"; }
    log "389 DS answers on ldaps://$LAB_389DS_ADDRESS:$LAB_389DS_TLS_PORT after $(( $(now_ms) - begun )) ms"
}

# ds389_up COUNT: a fresh directory with COUNT seeded users, unless one runs.
ds389_up() {
    local begun
    ds389_tools
    recorded_pid "$ds389_pid" >/dev/null && { log "389 DS runs already"; return 0; }
    begun=$(now_ms)
    ds389_build
    ds389_fill "$1"
    log "389 DS made with $1 users in $(( $(now_ms) - begun )) ms"
    ds389_start
}

# ds389_fill COUNT: an import takes seconds even for ten entries, so the database without users is kept as a tar. It is good
# for exactly this recipe, this schema, these passwords and this server.
ds389_fill() {
    local recipe cache
    if [ "$1" != 0 ]; then
        ds389_people "$1" >>"$ds389_dir/entries.ldif"
        ds389_import "$ds389_dir/entries.ldif"
        return
    fi
    recipe=$(cat "$lab_home/389ds.sh" "$LAB_389DS_SCHEMA" "$LAB_ROOT/secrets"/389ds-* <(ns-slapd -v 2>&1) |
        sha256sum | cut -c1-16)
    cache=$LAB_ROOT/cache/389ds-$recipe.tar
    if [ -s "$cache" ]; then
        tar -C "$ds389_dir" -xf "$cache"
        return
    fi
    ds389_import "$ds389_dir/entries.ldif"
    mkdir -p "$LAB_ROOT/cache" && chmod 700 "$LAB_ROOT/cache"
    rm -f "$LAB_ROOT/cache"/389ds-*
    tar -C "$ds389_dir" --sparse -cf "$cache.part" data && mv "$cache.part" "$cache"
}

ds389_down() {
    stop_process "$ds389_pid"
    rm -rf "$ds389_dir"
}

ds389_people() {
    awk -v kind=389ds -v count="$1" -v base="$ds389_base" -f "$lab_home/seed.awk"
    touch "$ds389_dir/seeded"
}

# ds389_seed COUNT: COUNT users in ou=people and their groups in ou=groups, offline. An import replaces the database, so
# what there is comes out first and goes in again.
ds389_seed() {
    local running='' begun
    ds389_tools
    begun=$(now_ms)
    [ ! -e "$ds389_dir/seeded" ] || die "this 389 DS is seeded already; \`lab down 389ds\` first"
    recorded_pid "$ds389_pid" >/dev/null && running=yes
    stop_process "$ds389_pid"
    ns-slapd db2ldif -D "$ds389_dir/config" -n userroot -a "$ds389_dir/tmp/all.ldif" >"$ds389_dir/log/export.log" 2>&1 ||
        { tail -n 20 "$ds389_dir/log/export.log" >&2; die "389 DS could not write its entries to a file"; }
    ds389_people "$1" >>"$ds389_dir/tmp/all.ldif"
    ds389_import "$ds389_dir/tmp/all.ldif"
    rm -f "$ds389_dir/tmp/all.ldif"
    log "389 DS seeded with $1 users in $(( $(now_ms) - begun )) ms"
    [ -z "$running" ] || ds389_start
}

ds389_env() {
    secret 389ds-bridge >/dev/null
    secret 389ds-admin >/dev/null
    assignments KIND=389ds MAPPING=389ds \
        "URL=ldaps://$LAB_389DS_ADDRESS:$LAB_389DS_TLS_PORT" \
        "PLAIN_URL=ldap://$LAB_389DS_ADDRESS:$LAB_389DS_PORT" \
        "ADDRESS=$LAB_389DS_ADDRESS" "PORT=$LAB_389DS_PORT" "TLS_PORT=$LAB_389DS_TLS_PORT" \
        "ALIASES=$LAB_389DS_ALIASES" "UNNAMED_ADDRESS=$LAB_389DS_UNNAMED" \
        "BASE=$ds389_base" "PEOPLE_OU=ou=people,$ds389_base" "GROUPS_OU=ou=groups,$ds389_base" \
        "TENANTS_OU=ou=tenants,$ds389_base" "OUTSIDE_OU=ou=outside,$ds389_base" \
        "OUTSIDER=uid=outsider,ou=outside,$ds389_base" "OUTSIDERS=cn=outsiders,ou=outside,$ds389_base" \
        "BIND_DN=$ds389_bridge" "PASSWORD_FILE=$LAB_ROOT/secrets/389ds-bridge" \
        "ADMIN_DN=$ds389_admin" "ADMIN_PASSWORD=$(secret 389ds-admin)" "ADMIN_PASSWORD_FILE=$LAB_ROOT/secrets/389ds-admin" \
        "CA=$LAB_ROOT/ca/ca.crt" "OTHER_CA=$LAB_ROOT/ca/other.crt" \
        "SIZE_LIMIT=$LAB_389DS_SIZE_LIMIT" "PID=$(recorded_pid "$ds389_pid")"
}
