# shellcheck shell=bash
# OpenLDAP (slapd, cn=config, mdb) as the lab needs it. Sourced by `lab`; needs no root above port 1023.
#
#   dc=example,dc=test
#     ou=services   cn=scimbridge (the bridge's own account: neither rootDN nor manager)
#     ou=people, ou=groups          seeded users and groups; the bridge may write entries in them
#     ou=tenants                    tests make an OU of their own here; the bridge may write below those
#     ou=outside                    a user and a group that the bridge can read and not write
#     ou=policies                   password policies

LAB_OPENLDAP_ADDRESS=${LAB_OPENLDAP_ADDRESS:-127.0.0.20}
LAB_OPENLDAP_PORT=${LAB_OPENLDAP_PORT:-1389}
LAB_OPENLDAP_TLS_PORT=${LAB_OPENLDAP_TLS_PORT:-1636}
# More addresses of the same server, so that a test can break "its" address and disturb no other test.
LAB_OPENLDAP_ALIASES=${LAB_OPENLDAP_ALIASES-127.0.0.21 127.0.0.22 127.0.0.23 127.0.0.24}
# An address that the server's certificate does not name.
LAB_OPENLDAP_UNNAMED=${LAB_OPENLDAP_UNNAMED-127.0.0.29}
LAB_OPENLDAP_SIZE_LIMIT=${LAB_OPENLDAP_SIZE_LIMIT:-500}     # slapd's own default, felt by the bridge's account
LAB_OPENLDAP_SCHEMA=${LAB_OPENLDAP_SCHEMA:-$repository/mappings/openldap-schema.ldif}

openldap_base=dc=example,dc=test
openldap_admin=cn=admin,$openldap_base                      # the rootDN: ignores limits and rules, so tests only prepare with it
openldap_bridge=cn=scimbridge,ou=services,$openldap_base
openldap_dir=$LAB_ROOT/openldap
openldap_pid=$openldap_dir/run/lab.pid

# AppArmor (Ubuntu) confines /usr/sbin/slapd, by its path, to /etc/ldap and /var/lib/ldap; a copy elsewhere is not confined.
openldap_tools() {
    local source tool
    need slapd openssl awk ldapsearch sha256sum
    source=$(readlink -f "$(command -v slapd)")
    mkdir -p "$LAB_ROOT/bin"
    if ! cmp -s "$source" "$LAB_ROOT/bin/slapd"; then
        cp "$source" "$LAB_ROOT/bin/slapd.part" && mv "$LAB_ROOT/bin/slapd.part" "$LAB_ROOT/bin/slapd"
    fi
    for tool in slapadd slappasswd; do ln -sf slapd "$LAB_ROOT/bin/$tool"; done
}

# openldap_index_lines FILE: an index for every attribute of a schema file that has a matching rule to index by.
openldap_index_lines() {
    awk '
        /^ / { line = line substr($0, 2); next }
        { emit(); line = $0 }
        END { emit() }
        function emit(   name, kinds) {
            if (line !~ /^olcAttributeTypes:/ || line !~ /EQUALITY/) return
            name = line
            sub(/.*NAME *\(? *\047/, "", name); sub(/\047.*/, "", name)
            kinds = "eq,pres"
            if (line ~ /SUBSTR /) kinds = kinds ",sub"
            print "olcDbIndex: " name " " kinds
        }' "$1"
}

openldap_config() {
    local hash schema=() sync=TRUE module file
    hash=$("$LAB_ROOT/bin/slappasswd" -s "$(secret openldap-admin)")
    [ "$LAB_SYNC" = yes ] && sync=FALSE
    [ -s "$LAB_OPENLDAP_SCHEMA" ] && schema=("$LAB_OPENLDAP_SCHEMA")
    cat <<LDIF
dn: cn=config
objectClass: olcGlobal
cn: config
olcLogLevel: stats
olcTLSCACertificateFile: "$LAB_ROOT/ca/ca.crt"
olcTLSCertificateFile: "$openldap_dir/tls/server.crt"
olcTLSCertificateKeyFile: "$openldap_dir/tls/server.key"
olcTLSProtocolMin: 3.3
olcIdleTimeout: 0
olcToolThreads: 2

dn: cn=module{0},cn=config
objectClass: olcModuleList
cn: module{0}
olcModulePath: /usr/lib/ldap
LDIF
    for module in back_mdb memberof refint ppolicy sssvlv unique deref; do echo "olcModuleLoad: $module"; done
    printf '\ndn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n\n'
    for file in /etc/ldap/schema/{core,cosine,inetorgperson,nis}.ldif "${schema[@]}"; do
        printf 'include: file://%s\n\n' "${file// /%20}"
    done
    cat <<LDIF
dn: olcDatabase={-1}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {-1}frontend
olcAccess: to dn.base="" by * read
olcAccess: to dn.base="cn=Subschema" by * read

dn: olcDatabase={0}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {0}config
olcAccess: to * by * none

dn: olcDatabase={1}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {1}mdb
olcSuffix: $openldap_base
olcDbDirectory: "$openldap_dir/data"
olcRootDN: $openldap_admin
olcRootPW: $hash
olcDbMaxSize: 4294967296
olcDbNoSync: $sync
olcDbIndex: objectClass,entryUUID,entryCSN,createTimestamp,modifyTimestamp eq
olcDbIndex: uid,mail,cn,sn,givenName,displayName,employeeNumber,telephoneNumber eq,sub,pres
olcDbIndex: member,memberOf,manager,pwdAccountLockedTime eq,pres
LDIF
    for file in "${schema[@]}"; do openldap_index_lines "$file"; done
    # Limits: pages may add up to everything (prtotal), an unpaged search stops at the limit.
    # Rights, in the order slapd tries them:
    #  - the password may be set, never read (=w);
    #  - an OU is furniture: entries come and go in it (its "children"), it cannot itself be changed, made or removed;
    #  - everything else below the three trees may be written (that covers pwdAccountLockedTime: in OpenLDAP 2.5 it is an
    #    ordinary writable operational attribute, no "manage" is needed);
    #  - the rest of the tree may be read;
    #  - for the tests of an account with fewer rights, nobody may read the lock of those with this employeeType.
    cat <<LDIF
olcLimits: dn.exact="$openldap_bridge" size.soft=$LAB_OPENLDAP_SIZE_LIMIT size.hard=$LAB_OPENLDAP_SIZE_LIMIT size.prtotal=unlimited
olcAccess: to dn.children="ou=tenants,$openldap_base" filter=(employeeType=lock-unseen) attrs=pwdAccountLockedTime
  by dn.exact="$openldap_bridge" =w
  by * none
LDIF
    # String comparisons and no regular expressions: slapd tries the rules on every attribute of every entry it answers.
    local tree
    for tree in people groups tenants; do
        cat <<LDIF
olcAccess: to dn.children="ou=$tree,$openldap_base" attrs=userPassword
  by dn.exact="$openldap_bridge" =w
  by self =w
  by anonymous auth
  by * none
olcAccess: to dn.subtree="ou=$tree,$openldap_base" filter=(objectClass=organizationalUnit) attrs=children
  by dn.exact="$openldap_bridge" write
  by users read
  by * none
olcAccess: to dn.subtree="ou=$tree,$openldap_base" filter=(objectClass=organizationalUnit)
  by users read
  by * none
olcAccess: to dn.children="ou=$tree,$openldap_base"
  by dn.exact="$openldap_bridge" write
  by users read
  by * none
LDIF
    done
    cat <<LDIF
olcAccess: to attrs=userPassword
  by anonymous auth
  by * none
olcAccess: to * by users read by * none

dn: olcOverlay={0}memberof,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOfConfig
olcOverlay: {0}memberof
olcMemberOfRefInt: TRUE
olcMemberOfDangling: ignore
olcMemberOfGroupOC: groupOfNames
olcMemberOfMemberAD: member
olcMemberOfMemberOfAD: memberOf

dn: olcOverlay={1}refint,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcRefintConfig
olcOverlay: {1}refint
olcRefintAttribute: member
olcRefintAttribute: manager
olcRefintNothing: cn=empty-membership-placeholder

dn: olcOverlay={2}ppolicy,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {2}ppolicy
olcPPolicyDefault: cn=default,ou=policies,$openldap_base
olcPPolicyHashCleartext: TRUE
olcPPolicyUseLockout: TRUE

dn: olcOverlay={3}unique,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcUniqueConfig
olcOverlay: {3}unique
olcUniqueURI: ldap:///?uid?sub
olcUniqueURI: ldap:///?mail?sub

dn: olcOverlay={4}sssvlv,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcSssVlvConfig
olcOverlay: {4}sssvlv
olcSssVlvMax: 8
olcSssVlvMaxPerConn: 4

dn: olcOverlay={5}deref,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
olcOverlay: {5}deref
LDIF
}

openldap_entries() {
    local unit
    cat <<LDIF
dn: $openldap_base
objectClass: dcObject
objectClass: organization
dc: example
o: Example

LDIF
    for unit in services people groups tenants outside policies; do
        printf 'dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n' "$unit" "$openldap_base" "$unit"
    done
    # A service account that a guesser could lock would take the bridge down: it has a policy without lockout.
    cat <<LDIF
dn: $openldap_bridge
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: scimbridge
userPassword: $("$LAB_ROOT/bin/slappasswd" -s "$(secret openldap-bridge)")
pwdPolicySubentry: cn=services,ou=policies,$openldap_base

dn: cn=default,ou=policies,$openldap_base
objectClass: pwdPolicy
objectClass: device
cn: default
pwdAttribute: userPassword
pwdMinLength: 8
pwdCheckQuality: 1
pwdLockout: TRUE
pwdMaxFailure: 5
pwdLockoutDuration: 0

dn: cn=services,ou=policies,$openldap_base
objectClass: pwdPolicy
objectClass: device
cn: services
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 0

dn: uid=outsider,ou=outside,$openldap_base
objectClass: inetOrgPerson
uid: outsider
cn: Olga Outsider
sn: Outsider
givenName: Olga
mail: outsider@example.test
memberOf: cn=outsiders,ou=outside,$openldap_base

dn: cn=outsiders,ou=outside,$openldap_base
objectClass: groupOfNames
cn: outsiders
member: uid=outsider,ou=outside,$openldap_base
LDIF
}

# openldap_load FILE: adds entries to the stopped server. -q skips checks that the generated entries cannot fail.
openldap_load() {
    "$LAB_ROOT/bin/slapadd" -q -b "$openldap_base" -F "$openldap_dir/config" -l "$1" >"$openldap_dir/slapadd.log" 2>&1 ||
        { cat "$openldap_dir/slapadd.log" >&2; die "slapd refused the entries of $1"; }
}

openldap_build() {
    local address names=(DNS:localhost DNS:ldap.example.test)
    for address in $LAB_OPENLDAP_ADDRESS $LAB_OPENLDAP_ALIASES; do names+=("IP:$address"); done
    rm -rf "$openldap_dir/config" "$openldap_dir/data" "$openldap_dir/slapd.log" "$openldap_dir/seeded"
    mkdir -p "$openldap_dir"/{config,data,run}
    chmod 700 "$openldap_dir"
    certificate_authority ca
    certificate_authority other
    server_certificate "$openldap_dir/tls" ldap.example.test "${names[@]}"
    openldap_config >"$openldap_dir/config.ldif"
    "$LAB_ROOT/bin/slapadd" -n0 -F "$openldap_dir/config" -l "$openldap_dir/config.ldif" >"$openldap_dir/slapadd.log" 2>&1 ||
        { cat "$openldap_dir/slapadd.log" >&2; die "slapd refused the configuration"; }
    openldap_entries >"$openldap_dir/entries.ldif"
    openldap_load "$openldap_dir/entries.ldif"
    touch "$openldap_dir/fresh"
}

openldap_answers() {
    LDAPTLS_CACERT=$LAB_ROOT/ca/ca.crt ldapsearch -LLL -x -o nettimeout=2 \
        -H "ldaps://$LAB_OPENLDAP_ADDRESS:$LAB_OPENLDAP_TLS_PORT" -s base -b '' supportedControl >/dev/null 2>&1
}

openldap_start() {
    local address urls='' begun
    recorded_pid "$openldap_pid" >/dev/null && return 0
    [ -d "$openldap_dir/config" ] || die "there is no OpenLDAP to start; use \`lab up openldap\`"
    rm -f "$openldap_dir/fresh"         # from now on it holds what nobody can make again
    begun=$(now_ms)
    for address in $LAB_OPENLDAP_ADDRESS $LAB_OPENLDAP_ALIASES $LAB_OPENLDAP_UNNAMED; do
        refuse_if_taken "$address" "$LAB_OPENLDAP_TLS_PORT" LAB_OPENLDAP_ADDRESS
        urls+="ldap://$address:$LAB_OPENLDAP_PORT ldaps://$address:$LAB_OPENLDAP_TLS_PORT "
    done
    # -d keeps slapd in the foreground, so that the pid is the one recorded.
    setsid "$LAB_ROOT/bin/slapd" -d stats -F "$openldap_dir/config" -h "${urls% }" \
        </dev/null >>"$openldap_dir/slapd.log" 2>&1 9>&- &
    record_process "$openldap_pid" $!
    wait_until 15 "$openldap_pid" openldap_answers || { tail -n 20 "$openldap_dir/slapd.log" >&2; die "slapd did not start"; }
    log "OpenLDAP answers on ldaps://$LAB_OPENLDAP_ADDRESS:$LAB_OPENLDAP_TLS_PORT after $(( $(now_ms) - begun )) ms"
}

# openldap_up COUNT: a fresh directory with COUNT seeded users, unless one runs.
openldap_up() {
    openldap_tools
    recorded_pid "$openldap_pid" >/dev/null && { log "OpenLDAP runs already"; return 0; }
    openldap_build
    [ "$1" = 0 ] || openldap_seed "$1"
    openldap_start
}

openldap_down() {
    stop_process "$openldap_pid"
    rm -rf "$openldap_dir"
}

# openldap_seed COUNT: COUNT users in ou=people and their groups in ou=groups, offline.
#
# Most of the work on many users is that of the substring indexes (a minute of processor time for 100,000 users), so the
# database of a fresh directory with many users is kept and the next one is a copy of it.
openldap_seed() {
    local running='' begun recipe cache=''
    openldap_tools
    begun=$(now_ms)
    [ ! -e "$openldap_dir/seeded" ] || die "this OpenLDAP is seeded already; \`lab down openldap\` first"
    recorded_pid "$openldap_pid" >/dev/null && running=yes
    stop_process "$openldap_pid"
    if [ -e "$openldap_dir/fresh" ] && [ "$1" -ge 10000 ]; then
        recipe=$(cat "$lab_home/openldap.sh" "$lab_home/seed.awk" "$LAB_OPENLDAP_SCHEMA" "$LAB_ROOT/bin/slapd" \
            "$LAB_ROOT/secrets"/openldap-* <(echo "$1") | sha256sum | cut -c1-16)
        cache=$LAB_ROOT/cache/openldap-$recipe.mdb
    fi
    if [ -n "$cache" ] && [ -s "$cache" ]; then
        cp --sparse=always "$cache" "$openldap_dir/data/data.mdb"
    else
        awk -v kind=openldap -v count="$1" -v base="$openldap_base" -f "$lab_home/seed.awk" >"$openldap_dir/seed.ldif"
        openldap_load "$openldap_dir/seed.ldif"
        rm -f "$openldap_dir/seed.ldif"
        if [ -n "$cache" ]; then
            mkdir -p "$LAB_ROOT/cache" && chmod 700 "$LAB_ROOT/cache"
            rm -f "$LAB_ROOT/cache"/openldap-*
            cp --sparse=always "$openldap_dir/data/data.mdb" "$cache.part" && mv "$cache.part" "$cache"
        fi
    fi
    touch "$openldap_dir/seeded"
    log "OpenLDAP seeded with $1 users in $(( $(now_ms) - begun )) ms"
    [ -z "$running" ] || openldap_start
}

openldap_env() {
    secret openldap-bridge >/dev/null
    secret openldap-admin >/dev/null
    assignments KIND=openldap MAPPING=openldap \
        "URL=ldaps://$LAB_OPENLDAP_ADDRESS:$LAB_OPENLDAP_TLS_PORT" \
        "PLAIN_URL=ldap://$LAB_OPENLDAP_ADDRESS:$LAB_OPENLDAP_PORT" \
        "ADDRESS=$LAB_OPENLDAP_ADDRESS" "PORT=$LAB_OPENLDAP_PORT" "TLS_PORT=$LAB_OPENLDAP_TLS_PORT" \
        "ALIASES=$LAB_OPENLDAP_ALIASES" "UNNAMED_ADDRESS=$LAB_OPENLDAP_UNNAMED" \
        "BASE=$openldap_base" "PEOPLE_OU=ou=people,$openldap_base" "GROUPS_OU=ou=groups,$openldap_base" \
        "TENANTS_OU=ou=tenants,$openldap_base" "OUTSIDE_OU=ou=outside,$openldap_base" \
        "OUTSIDER=uid=outsider,ou=outside,$openldap_base" "OUTSIDERS=cn=outsiders,ou=outside,$openldap_base" \
        "BIND_DN=$openldap_bridge" "PASSWORD_FILE=$LAB_ROOT/secrets/openldap-bridge" \
        "ADMIN_DN=$openldap_admin" "ADMIN_PASSWORD=$(secret openldap-admin)" "ADMIN_PASSWORD_FILE=$LAB_ROOT/secrets/openldap-admin" \
        "CA=$LAB_ROOT/ca/ca.crt" "OTHER_CA=$LAB_ROOT/ca/other.crt" \
        "SIZE_LIMIT=$LAB_OPENLDAP_SIZE_LIMIT" "PID=$(recorded_pid "$openldap_pid")"
}
