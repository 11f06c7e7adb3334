"""What lists cost, against the demonstration that runs: `make demo USERS=100000`, and in another terminal `make bench-lists`.

Prints the times of the first page and of deep ones (count 100), also ordered by an attribute, of count=0 and count=1, of
whole walks by index and by cursor, of a small group and that of everybody, the LDAP operations that the bridge counted, and its memory (VmRSS) above
what it held before.
A wrong total, or a walk that sees anybody twice or misses anybody, ends it with an error.
"""

import http.client
import json
import pathlib
import re
import shlex
import statistics
import sys
import time
from urllib.parse import quote, urlsplit

COUNT = 100
ROUNDS = 15


def environment():
    file = pathlib.Path(__file__).parent.parent / "target/demo/env"
    if not file.exists():
        sys.exit(f"error: no demonstration runs (there is no {file}); start one with `make demo USERS=100000`")
    pairs = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return {name: "".join(shlex.split(value)) for name, value in pairs}


class Bridge:
    def __init__(self, env):
        self.base = urlsplit(env["BASE_URL"])
        self.admin = urlsplit(env["ADMIN_URL"])
        self.pid = env["GATEWAY_PID"]
        self.headers = {"Authorization": f"Bearer {env['TOKEN']}"}
        self.connection = http.client.HTTPConnection(self.base.netloc, timeout=120)

    def get(self, path):
        self.connection.request("GET", f"{self.base.path}{path}", headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"error: {path} was answered {answer.status}: {body[:300]!r}")
        return json.loads(body)

    def operations(self):
        connection = http.client.HTTPConnection(self.admin.netloc, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        return sum(float(count) for count in re.findall(r"^scimbridge_ldap_operations_total\S* (\S+)$", text, re.M))

    def memory(self):
        """VmRSS and its peak, in MB."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "VmHWM"))


def measured(bridge, title, path, rounds=ROUNDS):
    times, operations = [], []
    for _ in range(rounds):
        before, begun = bridge.operations(), time.perf_counter()
        bridge.get(path)
        times.append(1000 * (time.perf_counter() - begun))
        operations.append(bridge.operations() - before)
    row(title, f"{statistics.median(times):.1f}", f"{min(times):.1f}", f"{min(operations):.0f}")
    return statistics.median(times)


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def walk(bridge, by_cursor):
    seen, pages, start, cursor = [], 0, 1, ""
    begun = time.perf_counter()
    while True:
        where = f"cursor={cursor}" if by_cursor else f"startIndex={start}"
        page = bridge.get(f"/Users?{where}&count={COUNT}&attributes=userName")
        seen += [user["id"] for user in page["Resources"]]
        pages, start, cursor = pages + 1, start + COUNT, page.get("nextCursor")
        if (not cursor) if by_cursor else start > page["totalResults"]:
            break
    elapsed = time.perf_counter() - begun
    if len(set(seen)) != len(seen) or len(seen) != page["totalResults"]:
        sys.exit(f"error: {len(seen)} came, {len(set(seen))} different ones, of {page['totalResults']}")
    row(f"walk by {'cursor' if by_cursor else 'index'}, {pages} pages", f"{1000 * elapsed:.0f}", "", "")


def members(bridge):
    """The group of everybody beside the one of ten."""
    for name in ("board", "all-staff"):
        search = quote(f'displayName eq "{name}"')
        [group] = bridge.get(f"/Groups?filter={search}&attributes=id")["Resources"]
        path = f"/Groups/{group['id']}"
        measured(bridge, f"group {name}, displayName alone", f"{path}?attributes=displayName")
        measured(bridge, f"group {name}, without members", f"{path}?excludedAttributes=members")
        count = len(bridge.get(path).get("members", []))
        measured(bridge, f"group {name}, with its {count} members", path, 3)
    [user] = bridge.get("/Users?count=1")["Resources"]
    for search in ('members eq "{}"', 'members[value eq "{}"]'):
        search = search.format(user["id"])
        measured(bridge, f"groups by {search.split(' ')[0]}", f"/Groups?filter={quote(search)}&attributes=displayName")


def main():
    bridge = Bridge(environment())
    bridge.get("/Users?count=1&filter=userName%20eq%20%22nobody%22")
    idle, _ = bridge.memory()
    row("request", "median ms", "least ms", "LDAP operations")
    row("---", "---:", "---:", "---:")
    measured(bridge, "count=0, the first time", "/Users?count=0", 1)
    total = bridge.get("/Users?count=0")["totalResults"]
    measured(bridge, "count=0, again", "/Users?count=0")
    measured(bridge, "count=1", "/Users?count=1")
    deep = max(2, min(900, total // COUNT))
    first = measured(bridge, "page 1", f"/Users?startIndex=1&count={COUNT}")
    last = measured(bridge, f"page {deep}", f"/Users?startIndex={(deep - 1) * COUNT + 1}&count={COUNT}")
    measured(bridge, "page 1, no groups", f"/Users?startIndex=1&count={COUNT}&excludedAttributes=groups")
    for by in ("userName", "meta.created"):
        order = f"/Users?sortBy={by}&sortOrder=descending&count={COUNT}"
        measured(bridge, f"by {by}, page 1, the first time", f"{order}&startIndex=1", 1)
        measured(bridge, f"by {by}, page 1", f"{order}&startIndex=1")
        measured(bridge, f"by {by}, page {deep}", f"{order}&startIndex={(deep - 1) * COUNT + 1}")
    for by_cursor in (False, True):
        walk(bridge, by_cursor)
    after_lists = bridge.memory()
    members(bridge)
    print(f"\n{total} users; page {deep} costs {last / first:.2f} of page 1.")
    for what, (now, peak) in (("lists", after_lists), ("big groups", bridge.memory())):
        print(f"After {what} the bridge holds {now - idle:.1f} MB more than idle ({idle:.1f} MB), at most {peak - idle:.1f} MB.")


main()
