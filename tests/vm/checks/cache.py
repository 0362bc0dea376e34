"""The compile cache where probes of the kernel work."""
import glob
import os
import shutil
import tempfile

import guest
from guest import check, expect, expect_equal
from checks_tcpaccept import OURS, UPSTREAM, expect_same, trace

HIT, KEPT = "cache: started from it", "cache: kept"
SEEN = guest.OUT + "/cache-of-another-kernel"


class Cache:
    def __enter__(self):
        self.folder = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()
        return self

    def __exit__(self, *error):
        os.environ["XDG_CACHE_HOME"] = "/dev/null"
        shutil.rmtree(self.folder)

    def entry(self):
        (one,) = glob.glob(self.folder + "/btrun/*")
        return one


@check
def cache_tcpaccept():
    """A fresh run and one from the cache see the same, ours and bpftrace's own."""
    for script in (OURS, UPSTREAM):
        with Cache() as cache:
            for word in (KEPT, HIT, HIT):
                got, truth, result = trace(script, "--threads", "5", "--queue", "3", options=["-v"])
                expect(word in result.err, result.err)
                expect_same(got, truth, result)
            if script == OURS:
                shutil.copy(cache.entry(), f"{SEEN}-{guest.RELEASE}")


@check
def cache_all_forms():
    """Where one way of attaching is not enough, the entry holds all, and the next start is right at once."""
    script = "kprobe:vfs_read { @ = count(); } interval:ms:300 { exit(); }"
    # The kernel has no trampoline for a function that a kprobe of its own has taken: ftrace is off for it.
    with Cache():
        first = guest.one_liner(script, "-v").expect_ok()
        expect(first.err.count(KEPT) == 1 and "fentry" in first.err, first)
    blocked = "kprobe:migrate_disable { @ = count(); } interval:ms:300 { exit(); }"
    with Cache():
        first = guest.one_liner(blocked, "-v").expect_ok()
        expect(first.err.count(KEPT) == 2, first)
        second = guest.one_liner(blocked, "-v").expect_ok()
        expect(second.err.count(HIT) == 1 and KEPT not in second.err, second)
        expect("@: " in second.out, second)


def same_probes(result):
    return [l for l in result.err.splitlines() if not l.startswith("btrun: cache")]


@check
def cache_of_modules():
    """The types of a module are part of what was compiled."""
    script = "BEGIN { exit(); } fentry:9p:v9fs_file_open { @ = count(); }"
    with Cache():
        first = guest.one_liner(script, "-v", "--dry-run").expect_ok()
        second = guest.one_liner(script, "-v", "--dry-run").expect_ok()
        expect(KEPT in first.err and HIT in second.err, f"{first}\n{second}")
        expect_equal(same_probes(second), same_probes(first))


@check(phase="cross")
def cache_of_another_kernel():
    """An entry that another kernel has made is none, whatever its name."""
    others = [p for p in glob.glob(SEEN + "-*") if not p.endswith(guest.RELEASE)]
    expect(others, "no other kernel has left its cache")
    with Cache() as cache:
        guest.btrun("-v", "--dry-run", OURS).expect_ok()
        for other in others:
            shutil.copy(other, cache.entry())
            done = guest.btrun("-v", "--dry-run", OURS).expect_ok()
            expect("of something else" in done.err and KEPT in done.err, done)
            done = guest.btrun("-v", "--dry-run", OURS).expect_ok()
            expect(HIT in done.err, done)
