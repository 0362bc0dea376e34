#!/usr/bin/python3
"""In the guest: guest.py BUILD LIST peer|btrun|"" [FOLDER...]. Runs the cases named in the file LIST (one a line), one after
another, and writes a JSON line to $BTRUN_VM_OUT/results for each: first its name, when it begins, then its outcome, so
that the outer side knows which case a boot died in."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import cases  # noqa: E402
import pair  # noqa: E402
import tools  # noqa: E402

SLOW = 4  # limits of a native run, times this


def main():
    build, listing, only, *images = sys.argv[1:]
    with open(listing) as file:
        names = file.read().split()
    known = {case.full_name: case for case in cases.load() + tools.load()}
    setting = pair.Setting(build, SLOW, only, images)
    kernel = ".".join(os.uname().release.split(".")[:2])
    with open(os.environ["BTRUN_VM_OUT"] + "/results", "a") as results:
        for name in names:
            print(json.dumps({"begun": name}), file=results, flush=True)
            if kernel in known[name].absent:
                known[name].refuse = known[name].absent[kernel]
            try:
                outcome = pair.run_case(known[name], setting)
            except Exception as wrong:  # a defect of the case: the others of the boot still count
                outcome = pair.Outcome(known[name], "peer-error", f"{type(wrong).__name__}: {wrong}")
            print(json.dumps(outcome.record()), file=results, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
