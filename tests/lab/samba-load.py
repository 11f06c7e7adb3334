"""Loads LDIF (standard input) into the database of a stopped Samba domain, in one transaction.

    samba-load.py SMB.CONF SAM.LDB [PASSWORD-FILE]

With a password file every user that comes without a password gets that one: an account that is enabled and has no
password exists on Samba alone, Active Directory refuses it. Beyond PASSWORD_LIMIT users that would take minutes
(each password costs its Kerberos keys), and they stay without.
"""

import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

PASSWORD_LIMIT = 1000


def main(configuration, database, password_file=None):
    parameters = LoadParm()
    parameters.load(configuration)
    # In one batch no entry can be taken back alone, which is several times faster: a refusal takes everything back.
    samdb = SamDB(
        url=database, session_info=system_session(parameters), lp=parameters, options=["batch_mode:1"]
    )
    password = open(password_file, encoding="ascii").read() if password_file else None
    entries = [message for _, message in samdb.parse_ldif(sys.stdin.read())]
    users = sum("user" in [str(value) for value in entry["objectClass"]] for entry in entries)
    samdb.transaction_start()
    try:
        for entry in entries:
            is_user = "user" in [str(value) for value in entry["objectClass"]]
            given = str(entry["clearTextPassword"]) if "clearTextPassword" in entry else None
            if given is None and is_user and users <= PASSWORD_LIMIT:
                given = password
            if given is not None:
                entry["clearTextPassword"] = ldb.MessageElement(
                    given.encode("utf-16-le"), ldb.FLAG_MOD_ADD, "clearTextPassword"
                )
            samdb.add(entry)
    except BaseException:
        samdb.transaction_cancel()
        raise
    samdb.transaction_commit()


main(*sys.argv[1:])
