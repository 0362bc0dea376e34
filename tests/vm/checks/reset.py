"""print() and clear(), or zero(), in one step: the suite tests/host/reset with the probes that need a guest's kernel."""
import guest
from guest import check, expect, run


@check
def read_and_reset_is_one_step():
    done = run("/usr/bin/python3", guest.ROOT + "/tests/host/reset", guest.BUILD, "7", "kprobe", "fentry", timeout=240)
    expect(done.status == 0 and "2 passed, 0 failed" in done.out, str(done))
