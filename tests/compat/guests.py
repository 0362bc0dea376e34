"""The outer side of a run in guests: cases in batches of one boot each, and what a boot leaves undone."""
import json
import os
import subprocess
import tempfile

from pair import Outcome

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = {"tools": 10}  # cases of a boot; one-liners: many
ONE_LINERS = 120
LIMIT = 2400  # seconds a boot may take


def wanted_on(case, kernel):
    return kernel == "6.12" or "6.12" not in case.needs


def batches(cases):
    tools = [c for c in cases if c.family == "tools"]
    others = [c for c in cases if c.family != "tools"]
    for group, size in ((tools, BATCH["tools"]), (others, ONE_LINERS)):
        for i in range(0, len(group), size):
            yield group[i:i + size]


def boot(kernel, names, options):
    """Runs these in one guest: ({name: record}, the name that the boot died in or None)."""
    with tempfile.TemporaryDirectory(prefix="peer.") as out:
        with open(out + "/list", "w") as file:
            file.write("\n".join(names))
        only = "peer" if options.peer_only else "btrun" if options.btrun_only else ""
        done = subprocess.run([HERE + "/../vm/run", "--timeout", str(LIMIT), "--out", out, "--memory", "2560", kernel, "--",
                               "/usr/bin/python3", HERE + "/guest.py", options.build, "/vm/out/list", only, *options.images],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace")
        records, begun = {}, None
        if os.path.exists(out + "/results"):
            with open(out + "/results") as file:
                for line in file:
                    try:
                        record = json.loads(line)
                    except ValueError:  # cut off as the guest died
                        continue
                    begun = record.get("begun", None)
                    if begun is None:
                        records[record["name"]] = record
        if done.returncode and begun is None:
            print(done.stdout[-2000:])
        return records, begun


def keep(path, records):
    """Into the file of results, in which those of other cases stay: a run may be of some cases only."""
    known = {}
    if os.path.exists(path):
        with open(path) as file:
            known = {record["name"]: record for record in json.load(file)}
    known.update({record["name"]: record for record in records})
    with open(path, "w") as file:
        json.dump(list(known.values()), file, indent=1)


def run_on(kernel, cases, options, show):
    outcomes, records = [], []
    for case in cases:
        if not wanted_on(case, kernel):
            outcomes.append(Outcome(case, "skipped", f"not for {kernel}"))
    for batch in batches([c for c in cases if wanted_on(c, kernel)]):
        left = list(batch)
        while left:
            done, died_in = boot(kernel, [c.full_name for c in left], options)
            for case in [c for c in left if c.full_name in done]:
                record = done[case.full_name]
                record["kernel"] = kernel
                records.append(record)
                outcomes.append(Outcome(case, record["kind"], record["detail"]))
                show(outcomes[-1], kernel)
            rest = [c for c in left if c.full_name not in done]
            if len(rest) == len(left) or died_in:
                lost = next((c for c in rest if c.full_name == died_in), rest[0])
                rest.remove(lost)
                outcomes.append(Outcome(lost, "peer-error", "the guest hung or died in this case"))
                records.append(dict(outcomes[-1].record(), kernel=kernel))
                show(outcomes[-1], kernel)
            left = rest
    if options.out or not options.images:  # with images there is nothing to measure
        keep(options.out or f"{options.build}/peer-{kernel}.json", records)
    return outcomes
