"""The compile cache where probes of the kernel work."""
import glob
import os
import shutil
import tempfile

import guest
from guest import check, expect, expect_equal
from checks_tcpaccept import OURS, UPSTREAM, expect_same, trace

HIT, KEPT = "cache: started from it", "cache: kept"
HELLO = "BEGIN { exit(); }"  # as make_images has it


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
        with Cache():
            for word in (KEPT, HIT, HIT):
                got, truth, result = trace(script, "--threads", "5", "--queue", "3", options=["-v"])
                expect(word in result.err, result.err)
                expect_same(got, truth, result)


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


@check
def cache_of_another_kernel():
    """An entry that another kernel has made (make_images) is none, whatever its name."""
    with Cache() as cache:
        (other,) = glob.glob(f"{guest.OUT}/made/cache/btrun/*")
        first = guest.one_liner(HELLO, "-v").expect_ok()
        expect(KEPT in first.err and os.path.basename(other) != os.path.basename(cache.entry()), first)
        shutil.copyfile(other, cache.entry())
        second = guest.one_liner(HELLO, "-v").expect_ok()
        expect("of something else" in second.err and KEPT in second.err, second)
        expect(HIT in guest.one_liner(HELLO, "-v").expect_ok().err, "no hit")
