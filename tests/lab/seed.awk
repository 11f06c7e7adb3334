# The same people every time: users, their managers and their groups as LDIF, for slapadd, Samba and ns-slapd.
#
#   awk -v kind=openldap|samba|389ds -v count=25 -v base=dc=example,dc=test -f seed.awk
#
# User 1 is the head, every tenth user a manager. Groups: all-staff (everybody), board (the first ten) and one for
# each department. Both are written whole, memberOf included: no overlay and no plugin sees an offline load.
# Works with mawk, gawk and busybox awk.

BEGIN {
    given_count = split("Ada Grace Alan Edsger Barbara Donald Margaret Dennis Radia Ken Frances Tony José Zoë André " \
        "Jürgen Søren Karen Adele Shafi Leslie Whitfield Silvio Yukihiro Anita Guido Sophie Bjarne Evelyn Niklaus", given, " ")
    family_count = split("Lovelace Hopper Turing Dijkstra Liskov Knuth Hamilton Ritchie Perlman Thompson Allen Hoare " \
        "Valim Muñoz Müller Sørensen Goldberg Lamport Diffie Micali Matsumoto Borg Rossum Wilson Stroustrup Boyd Wirth " \
        "Okafor Nakamura Fernández O'Brien Kowalska Novák Haddad Olsen", family, " ")
    department_count = split("Engineering Finance Legal Marketing Operations Research Sales Support", department, " ")
    title_count = split("Engineer Analyst Counsel Manager Specialist Researcher Consultant Technician", title, " ")
    split("ä a á a ã a é e è e ë e í i ñ n ó o ö o ø o ú u ü u Ä a É e Ö o Ü u", folding, " ")

    people = kind == "samba" ? "OU=People," base : "ou=people," base
    groups = kind == "samba" ? "OU=Groups," base : "ou=groups," base
    realm = tolower(base)
    gsub(/,?dc=/, ".", realm)
    realm = substr(realm, 2)

    for (n = 1; n <= count; n++) name(n)
    for (n = 1; n <= count; n++) user(n)
    group("all-staff", "Everybody", 1, 1, count)
    group("board", "The first ten", 1, 1, count < 10 ? count : 10)
    for (d = 1; d <= department_count && d <= count; d++)
        group(tolower(department[d]), "Everybody in " department[d], d, department_count, count)
}

function ascii(text,   i) {
    text = tolower(text)
    for (i = 1; i in folding; i += 2) gsub(folding[i], folding[i + 1], text)
    gsub(/[^a-z]/, "", text)
    return text
}

function name(n,   index_, round) {
    # Steps through every pair of names before one repeats; 30 and 35 share the divisor 5, so the family advances by one more each round.
    index_ = n - 1
    round = int(index_ / (given_count * family_count))
    first[n] = given[index_ % given_count + 1]
    last[n] = family[(index_ + int(index_ / given_count)) % family_count + 1]
    uid[n] = ascii(first[n]) "." ascii(last[n])
    common[n] = first[n] " " last[n]
    if (taken[uid[n]]++) {
        common[n] = common[n] " " taken[uid[n]]
        uid[n] = uid[n] taken[uid[n]]
    }
    # sAMAccountName holds 20 characters: the number makes it unique.
    account[n] = length(uid[n]) <= 20 ? uid[n] : substr(uid[n], 1, 20 - length(n)) n
    dn[n] = kind == "samba" ? "CN=" common[n] "," people : "uid=" uid[n] "," people
}

function put(attribute, value) { print attribute ": " value }

function user(n,   boss, place) {
    boss = n == 1 ? 0 : (n % 10 == 1 ? 1 : n - (n - 1) % 10)
    place = (n - 1) % department_count + 1
    put("dn", dn[n])
    if (kind == "samba") {
        put("objectClass", "user")
        put("sAMAccountName", account[n])
        put("userPrincipalName", uid[n] "@" realm)
        put("userAccountControl", 512)
        put("department", department[place])
        put("company", "Example")
        put("employeeNumber", sprintf("%06d", n))
    } else {
        put("objectClass", "inetOrgPerson")
        if (kind == "389ds") put("objectClass", "nsMemberOf")
        put("uid", uid[n])
        put("cn", common[n])
        put("departmentNumber", department[place])
        put("o", "Example")
        put("employeeNumber", sprintf("%06d", n))
        put("employeeType", n % 7 ? "Employee" : "Contractor")
        put("entryUUID", sprintf("%08x-5eed-4000-8000-%012x", (n * 2654435) % 4294967296, n))
        put("memberOf", "cn=all-staff," groups)
        if (n <= 10) put("memberOf", "cn=board," groups)
        put("memberOf", "cn=" tolower(department[place]) "," groups)
    }
    put("givenName", first[n])
    put("sn", last[n])
    put("displayName", common[n])
    put("mail", uid[n] "@example.test")
    put("title", n == 1 ? "Head" : title[place])
    put("telephoneNumber", sprintf("+1 555 %07d", n))
    put("mobile", sprintf("+1 556 %07d", n))
    put(kind == "samba" ? "streetAddress" : "street", n " Analytical Way")
    put("l", n % 2 ? "London" : "Zurich")
    put("postalCode", sprintf("%05d", n % 90000 + 10000))
    if (boss) put("manager", dn[boss])
    print ""
}

function group(label, description, from, step, to,   n) {
    put("dn", (kind == "samba" ? "CN=" : "cn=") label "," groups)
    if (kind == "samba") {
        put("objectClass", "group")
        put("sAMAccountName", label)
        put("groupType", -2147483646)
    } else {
        put("objectClass", "groupOfNames")
        put("cn", label)
        if (kind == "389ds") put("entryUUID", sprintf("%08x-5eed-4000-8000-%012x", ++groups_made, 0))
    }
    put("description", description)
    for (n = from; n <= to; n += step) put("member", dn[n])
    print ""
}
