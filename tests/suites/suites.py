"""Runs the suites against a SCIM service; called by run.sh.

    BASE_URL=… TOKEN=… REPORTS=folder suites.py DIRECTORY [SUITE...]

Prints for each suite one line with its counts, and what was not passed; the folder gets all that it said. Ends with 0
only when every suite ran and every check of it passed: what a suite skips has not passed.
"""

import os
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server
from scim_sanity.probe.runner import run_probe_api

# Skipped by scim-sanity where /ResourceTypes has no agents, which are an expired draft (draft-abbey-scim-agent-extension).
AGENTS = {"Agent CRUD Lifecycle", "AgenticApplication CRUD Lifecycle", "Agent Rapid Lifecycle"}


def scim2_tester(base_url, token):
    http = Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    for result in check_server(SyncSCIMClient(http)):
        place = f"{result.resource_type or 'service'} {result.title}"
        yield result.status.name == "SUCCESS", result.status.name.lower(), f"{place}: {result.reason}"


def scim_sanity(base_url, token):
    for result in run_probe_api(base_url, token=token, strict=True, timeout=60)["results"]:
        if result["status"] == "skip" and result["name"] in AGENTS:
            continue
        place = f"{result['phase']}: {result['name']}"
        yield result["status"] == "pass", result["status"], f"{place}: {result.get('message', '')}"


SUITES = {"scim2-tester": scim2_tester, "scim-sanity": scim_sanity}


def passes(name, directory):
    results = list(SUITES[name](os.environ["BASE_URL"], os.environ["TOKEN"]))
    lines = [f"{outcome.upper()} {text}\n" for _, outcome, text in results]
    Path(os.environ["REPORTS"], f"{name}.txt").write_text("".join(lines))

    counts = Counter(outcome for _, outcome, _ in results)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    print(f"{name} {version(name)} on {directory}: {len(results)} checks: {summary or 'none'}")
    wrong = [line for line, (passed, _, _) in zip(lines, results) if not passed]
    print("".join(f"  {line}" for line in wrong), end="", flush=True)
    return bool(results) and not wrong


def main(directory, *names):
    # A list: every suite runs, whatever the one before it says.
    return 0 if all([passes(name, directory) for name in names or SUITES]) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
