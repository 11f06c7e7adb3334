#!/usr/bin/env bash
# Installs, on Debian and Ubuntu, what a target of the Makefile needs and the machine lacks; elsewhere says what to install.
#
#   prerequisites.sh [build] [openldap] [samba] [389ds] [fault] [suites] [demo]
#
# Installed directory servers are not started, and not enabled at boot: the lab starts its own instances.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin
repository=$(cd "$(dirname "$0")/.." && pwd)
log() { printf '%s\n' "$*" >&2; }
die() { log "error: $*"; exit 1; }

# One row for each thing needed: set, how to know that it is there (a command, or a path), Debian package.
# A package with a question mark exists in some releases only, where others ship its files in another one.
needs() {
    cat <<'ROWS'
build    cc                                gcc
build    /usr/include/stdio.h              libc6-dev
demo     curl                              curl
openldap slapd                             slapd
openldap ldapsearch                        ldap-utils
openldap openssl                           openssl
openldap flock                             util-linux
samba    samba                             samba
samba    samba                             samba-ad-dc
samba    samba-tool                        samba-common-bin
samba    samba-tool                        python3-samba
samba    /usr/share/samba/setup            samba-ad-provision?
samba    /usr/lib/*/samba/ldb/samba_dsdb.so samba-dsdb-modules
samba    /usr/lib/*/samba/vfs/acl_xattr.so samba-vfs-modules?
samba    ldapsearch                        ldap-utils
samba    openssl                           openssl
samba    flock                             util-linux
389ds    ns-slapd                          389-ds-base
389ds    certutil                          libnss3-tools
389ds    unshare                           util-linux
389ds    ldapsearch                        ldap-utils
389ds    openssl                           openssl
389ds    flock                             util-linux
fault    nft                               nftables
fault    ss                                iproute2
fault    iconv                             libc-bin
suites   python3                           python3
suites   /usr/lib/python3*/ensurepip       python3-venv
suites   cmp                               diffutils
suites   curl                              curl
ROWS
}

present() {
    case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing=()
lacking=()
while read -r set what package; do
    case " $* " in *" $set "*) ;; *) continue ;; esac
    present "$what" && continue
    missing+=("$package")
    lacking+=("$what")
done < <(needs)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# update: newer package lists. A mirror that is being changed offers files that do not fit each other, for a while.
update() {
    local tries
    for tries in 1 2 3; do
        as_root apt-get -o Acquire::Retries=5 update -qq && return
        [ "$tries" = 3 ] || sleep 5
    done
    return 1
}

# install PACKAGE...: no recommendations, no questions, no service started.
install() {
    local policy=/usr/sbin/policy-rc.d ours='' package service wanted=()
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        die "please run as root: apt-get install ${*%\?}"
    fi
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then update || die "apt-get update failed"; fi
    for package in "$@"; do
        case $package in
        *\?) apt-cache show "${package%\?}" >/dev/null 2>&1 && wanted+=("${package%\?}") ;;
        *) wanted+=("$package") ;;
        esac
    done
    log "installing: ${wanted[*]}"
    # The customary way to forbid maintainer scripts to start daemons. An administrator's own policy is left alone.
    if [ ! -e "$policy" ]; then
        ours=yes
        # shellcheck disable=SC2064  # the path is known now
        trap "$(declare -f as_root); as_root rm -f $policy" EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=5 install -y -qq --no-install-recommends "${wanted[@]}")
    # The package lists may be older than the archive: then once more with new ones.
    as_root "${apt[@]}" >/dev/null || { update && as_root "${apt[@]}" >/dev/null; } ||
        die "apt could not install: ${wanted[*]}"
    if [ -n "$ours" ]; then
        as_root rm -f "$policy"
        trap - EXIT
    fi
    for service in slapd samba-ad-dc smbd nmbd winbind; do
        case " ${wanted[*]} " in
        *" slapd "*|*" samba "*) if [ -e "/etc/init.d/$service" ] && command -v update-rc.d >/dev/null; then
            as_root update-rc.d "$service" disable >/dev/null 2>&1 || true
        fi ;;
        esac
    done
}

if [ ${#missing[@]} -gt 0 ]; then
    if command -v apt-get >/dev/null; then
        install "${missing[@]}"
    else
        die "this machine lacks ${lacking[*]}. Only Debian and Ubuntu are set up automatically; there the packages are: ${missing[*]//\?/}. Install the like and try again."
    fi
fi

case " $* " in
*" build "*)
    oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repository/Cargo.toml")
    advice="Install Rust $oldest or newer, for example with rustup (https://rustup.rs; Debian 13 and Ubuntu 24.04: apt-get install rustup, then rustup default stable)."
    command -v cargo >/dev/null ||
        die "\`cargo\` is missing. $advice The \`cargo\` package of Debian 12 is too old."
    found=$(rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$oldest" "$found" | sort -V | head -n 1)" = "$oldest" ] ||
        die "Rust $found is too old. $advice" ;;
esac
