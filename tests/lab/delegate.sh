#!/usr/bin/env bash
# Prints the access control entries (SDDL) that let one account manage users and groups below an OU, and nothing else.
#
#   delegate.sh SID             users and groups
#   delegate.sh SID contact     contacts as well, for a mapping with a resource type of its own
#
# Set them on the OU; CI makes every OU below it inherit them. On Samba:
#   samba-tool dsacl set --action=allow --objectdn="OU=…" --sddl="$(delegate.sh S-1-5-…)"
# On Windows the same rights are given with dsacls or the delegation wizard; the identifiers are constants of the schema.
set -euo pipefail
[ $# = 1 ] || [ "$*" = "$1 contact" ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
user=bf967aba-0de6-11d0-a285-00aa003049e2
group=bf967a9c-0de6-11d0-a285-00aa003049e2
contact=5cb41ed0-0e4c-11d0-a286-00aa003049e2
reset_password=00299570-246d-11d0-a768-00aa006e0529     # extended right User-Force-Change-Password

printf '%s' \
    "(OA;CI;CCDC;$user;;$1)"            `# make and delete users` \
    "(OA;CI;CCDC;$group;;$1)"           `# make and delete groups` \
    "(OA;CIIO;RPWPLCRCSD;;$user;$1)"    `# read, write, list, rename, move and delete user objects` \
    "(OA;CIIO;RPWPLCRCSD;;$group;$1)"   `# the same for groups, member included` \
    "(OA;CIIO;CR;$reset_password;$user;$1)"    `# set a password without knowing the old one`
[ $# = 1 ] || printf '%s' \
    "(OA;CI;CCDC;$contact;;$1)"         `# make and delete contacts` \
    "(OA;CIIO;RPWPLCRCSD;;$contact;$1)" `# read, write, list, rename, move and delete them`
