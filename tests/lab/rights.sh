#!/usr/bin/env bash
# Proves, with the ldap tools, what the bridge's account may and may not do in the running lab.
#
#   rights.sh openldap|samba|389ds
#
# Works in an OU of its own below the tenants' OU and removes it again.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kind=${1:?openldap, samba or 389ds}
environment=$("$here/lab" env "$kind") || exit 1
eval "$environment"
: "${PID:?the directory does not run: tests/lab/lab up}"
export LDAPTLS_CACERT=$CA
passed=0 failed=0
unit="rights-$$"
ou="OU=$unit,$TENANTS_OU"

# The LDIF comes on standard input.
as_admin() { ldapmodify -x -H "$URL" -D "$ADMIN_DN" -y "$ADMIN_PASSWORD_FILE" 2>&1; }
as_bridge() { ldapmodify -x -H "$URL" -D "$BIND_DN" -y "$PASSWORD_FILE" 2>&1; }
read_as_bridge() { ldapsearch -LLL -o ldif-wrap=no -x -H "$URL" -D "$BIND_DN" -y "$PASSWORD_FILE" "$@" 2>&1; }

report() { # NAME EXPECTED GOT OUTPUT
    if [ "$2" = "$3" ]; then passed=$((passed + 1)); echo "ok   $1"
    else failed=$((failed + 1)); printf 'FAIL %s: LDAP code %s instead of %s\n%s\n' "$1" "$3" "$2" "$4"; fi
}
may() { local output code; output=$(as_bridge); code=$?; report "$1" 0 "$code" "$output"; }
may_not() { local output code; output=$(as_bridge); code=$?; report "may not $1" 50 "$code" "$output"; }
holds() { # NAME PATTERN SEARCH...
    local name=$1 pattern=$2 output
    shift 2
    output=$(read_as_bridge "$@")
    if grep -qiE -- "$pattern" <<<"$output"; then report "$name" 0 0 ''; else report "$name" "/$pattern/" "no such line" "$output"; fi
}
holds_not() {
    local name=$1 pattern=$2 output
    shift 2
    output=$(read_as_bridge "$@")
    if grep -qiE -- "$pattern" <<<"$output"; then report "$name" "no /$pattern/" "such a line" "$output"; else report "$name" 0 0 ''; fi
}

quoted_password() { printf '"%s"' "$1" | iconv -t UTF-16LE | base64 -w0; }

person() { # NAME OU
    if [ "$kind" = samba ]; then
        printf 'dn: CN=%s,%s\nchangetype: add\nobjectClass: user\nsAMAccountName: %s\nuserPrincipalName: %s@ad.example.test\nuserAccountControl: 512\nunicodePwd:: %s\n\n' \
            "$1" "$2" "$1" "$1" "$(quoted_password 'Correct-Horse-9')"
    else
        printf 'dn: uid=%s,%s\nchangetype: add\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\nsn: %s\nmail: %s@example.test\nuserPassword: Correct-Horse-9\n\n' \
            "$1" "$2" "$1" "$1" "$1" "$1"
    fi
}
group() { # NAME OU MEMBER
    printf 'dn: CN=%s,%s\nchangetype: add\n' "$1" "$2"
    if [ "$kind" = samba ]; then printf 'objectClass: group\nsAMAccountName: %s\ngroupType: -2147483646\n' "$1"
    else printf 'objectClass: groupOfNames\n'; fi
    printf 'member: %s\n\n' "$3"
}
modify() { printf 'dn: %s\nchangetype: modify\n' "$1"; shift; printf '%s\n' "$@" ''; }

[ "$kind" = samba ] && rdn=CN || rdn=uid
one="$unit-1" two="$unit-2"
as_admin <<LDIF >/dev/null || { echo "the OU could not be made"; exit 1; }
dn: $ou
changetype: add
objectClass: organizationalUnit

dn: OU=inner,$ou
changetype: add
objectClass: organizationalUnit
LDIF

may "create a user with a password in one add" < <(person "$one" "$ou")
may "create a user in an inner OU" < <(person "$two" "OU=inner,$ou")
bound=$(ldapsearch -LLL -x -H "$URL" -D "$rdn=$one,$ou" -w Correct-Horse-9 -s base -b '' dn 2>&1)
report "the new user can bind" 0 $? "$bound"
may "modify a user" < <(modify "$rdn=$one,$ou" 'replace: givenName' 'givenName: Ada')
if [ "$kind" = samba ]; then
    may "reset a password" < <(modify "$rdn=$one,$ou" 'replace: unicodePwd' "unicodePwd:: $(quoted_password 'Battery-Staple-7')")
    may "disable by old and new value" < <(modify "$rdn=$one,$ou" 'delete: userAccountControl' 'userAccountControl: 512' - 'add: userAccountControl' 'userAccountControl: 514')
    may "force a password change" < <(modify "$rdn=$one,$ou" 'replace: pwdLastSet' 'pwdLastSet: 0')
    # ldapsearch prints a name that begins with "<" in base64: this is "<GUID=".
    holds "the extended DN control gives the GUID" '^dn:: PEdVSUQ9' -E extendedDn=1 -s base -b "$rdn=$one,$ou" cn
    holds_not "the password cannot be read" '^unicodePwd' -s base -b "$rdn=$one,$ou" unicodePwd cn
else
    may "reset a password" < <(modify "$rdn=$one,$ou" 'replace: userPassword' 'userPassword: Battery-Staple-7')
    if [ "$kind" = 389ds ]; then lock=nsAccountLock mark=true refusal=53
    else lock=pwdAccountLockedTime mark=000001010000Z refusal=49; fi
    may "lock" < <(modify "$rdn=$one,$ou" "replace: $lock" "$lock: $mark")
    bound=$(ldapsearch -LLL -x -H "$URL" -D "$rdn=$one,$ou" -w Battery-Staple-7 -s base -b '' dn 2>&1)
    report "a locked user cannot bind" "$refusal" $? "$bound"
    may "create a locked user" < <(person "$unit-3" "$ou" | sed '$d'; printf '%s: %s\n\n' "$lock" "$mark")
    holds "locked users can be searched for" "uid=$unit-3" -b "$ou" "($lock=$mark)" "$lock"
    holds_not "the password cannot be read" '^userPassword' -s base -b "$rdn=$one,$ou" userPassword cn
    may "unlock" < <(modify "$rdn=$one,$ou" "replace: $lock")
fi
may "rename a user" < <(printf 'dn: %s\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\n\n' "$rdn=$one,$ou" "$rdn=$one-renamed")
may "move a user to another OU" < <(printf 'dn: %s\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\nnewsuperior: %s\n\n' "$rdn=$one-renamed,$ou" "$rdn=$one" "OU=inner,$ou")
may "create a group" < <(group "$unit-group" "$ou" "$rdn=$one,OU=inner,$ou")
may "add a member" < <(modify "CN=$unit-group,$ou" 'add: member' "member: $rdn=$two,OU=inner,$ou")
holds "memberOf follows" "^memberOf: cn=$unit-group" -s base -b "$rdn=$two,OU=inner,$ou" memberOf
if [ "$kind" != samba ]; then
    holds "the deref control names the members" "entryUUID" -E "deref=member:entryUUID,uid" -s base -b "CN=$unit-group,$ou" member
fi
may "remove a member" < <(modify "CN=$unit-group,$ou" 'delete: member' "member: $rdn=$one,OU=inner,$ou")

may_not "create a user outside" < <(person "$unit-out" "$OUTSIDE_OU")
may_not "modify a user outside" < <(modify "$OUTSIDER" 'replace: title' 'title: Intruder')
may_not "delete a user outside" < <(printf 'dn: %s\nchangetype: delete\n\n' "$OUTSIDER")
may_not "add a member to a group outside" < <(modify "$OUTSIDERS" 'add: member' "member: $rdn=$two,OU=inner,$ou")
may_not "move a user outside" < <(printf 'dn: %s\nchangetype: modrdn\nnewrdn: %s\ndeleteoldrdn: 1\nnewsuperior: %s\n\n' "$rdn=$two,OU=inner,$ou" "$rdn=$two" "$OUTSIDE_OU")
may_not "create an OU" < <(printf 'dn: OU=made,%s\nchangetype: add\nobjectClass: organizationalUnit\n\n' "$ou")
may_not "change an OU" < <(modify "$ou" 'replace: description' 'description: mine')
may_not "change its own account" < <(modify "$BIND_DN" 'replace: description' 'description: mine')
if [ "$kind" = samba ]; then
    may_not "reset the Administrator" < <(modify "$ADMIN_DN" 'replace: unicodePwd' "unicodePwd:: $(quoted_password 'Battery-Staple-7')")
    may_not "make itself a Domain Admin" < <(modify "CN=Domain Admins,CN=Users,$BASE" 'add: member' "member: $BIND_DN")
    may_not "trust an account for delegation" < <(modify "$rdn=$one,OU=inner,$ou" 'replace: userAccountControl' 'userAccountControl: 524800')
elif [ "$kind" = 389ds ]; then
    may_not "change a password policy" < <(modify "cn=services,ou=policies,$BASE" 'replace: passwordMinLength' 'passwordMinLength: 6')
    may_not "give itself rights" < <(modify "$ou" 'add: aci' 'aci: (targetattr = "*")(version 3.0; acl "mine"; allow (all) userdn = "ldap:///all";)')
    holds_not "the directory's configuration cannot be seen" '^nsslapd-' -b cn=config
else
    may_not "change a password policy" < <(modify "cn=default,ou=policies,$BASE" 'replace: pwdMinLength' 'pwdMinLength: 1')
    output=$(read_as_bridge -b cn=config); code=$?
    report "may not see cn=config" 32 "$code" "$output"
fi
holds "the outside can be read" '^mail: outsider@' -s base -b "$OUTSIDER" mail

may "delete the group" < <(printf 'dn: CN=%s,%s\nchangetype: delete\n\n' "$unit-group" "$ou")
may "delete the users" < <(printf 'dn: %s\nchangetype: delete\n\n' "$rdn=$one,OU=inner,$ou" "$rdn=$two,OU=inner,$ou")
[ "$kind" = samba ] || may "delete the locked user" < <(printf 'dn: %s\nchangetype: delete\n\n' "$rdn=$unit-3,$ou")
output=$(printf 'dn: %s\nchangetype: delete\n\n' "OU=inner,$ou" "$ou" | as_admin)
report "the OU is empty again" 0 $? "$output"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
