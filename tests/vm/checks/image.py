"""The image: readable by others, and portable between kernels."""
import guest
import image_file
from guest import Tracer, btrun, check, expect, expect_equal, run
from checks_tcpaccept import OURS, UPSTREAM, SERVER, Server, expect_backlogs, expect_same, lines_of

SCRIPTS = {"ours": OURS, "upstream": UPSTREAM}


def traces_the_truth(*args):
    with Tracer(*args) as tracer:
        truth = Server(*SERVER).finish()
        result = tracer.stop().expect_ok()
    got = lines_of(result.out)
    expect_equal(len(got), 107, "lines")
    expect_same(got, truth, result)
    return got, truth


@check
def image_readable_by_others():
    for name, script in SCRIPTS.items():
        path = f"{guest.OUT}/{name}-{guest.RELEASE}.o"
        btrun("--emit-elf", path, script).expect_ok()
        done = run("bpftool", "btf", "dump", "file", path).expect_ok()
        expect("VAR 'btrun_enabled'" in done.out, "bpftool finds no btrun_enabled in its BTF")
        tool = next((t for t in ("llvm-objdump", "llvm-objdump-19") if run("which", t).status == 0), None)
        if tool:
            done = run(tool, "-h", path).expect_ok()
            expect(".btrun" in done.out and ".maps" in done.out, f"{done}")


@check
def image_runs_from_file():
    path = guest.temporary("ours.o", "")
    btrun("--emit-elf", path, OURS).expect_ok()
    got, truth = traces_the_truth(path)
    expect_backlogs(got, truth)


@check
def image_damaged_is_refused():
    path = guest.temporary("bad.o", "")
    btrun("--emit-elf", path, OURS).expect_ok()
    data = open(path, "rb").read()
    for cut in (100, len(data) // 2, len(data) - 100):
        with open(path, "wb") as file:
            file.write(data[:cut])
        expect_equal(btrun(path).status, 1, f"status with {cut} of {len(data)} bytes")


@check
def image_altered_but_sealed():
    """With the right checksum: refused by btrun, by libbpf or by the kernel, or run; no crash, no hang."""
    path = guest.temporary("altered.o", "")
    btrun("--emit-elf", path, OURS).expect_ok()
    data = bytearray(open(path, "rb").read())
    statuses = []
    for at in range(11, len(data) - image_file.SEAL, len(data) // 30):
        was, data[at] = data[at], data[at] ^ (1 << at % 8)
        with open(path, "wb") as file:
            file.write(image_file.sealed(data))
        done = btrun("-q", "--dry-run", path)
        expect(done.status in (0, 1), f"byte {at}: {done}")
        statuses.append(done.status)
        data[at] = was
    expect(0 in statuses and 1 in statuses, f"nothing was refused, or everything: {statuses}")


@check
def program_stands_alone():
    """Written on this kernel, run without its compiler, with parameters."""
    path = guest.temporary("ours", "")
    btrun("--aot", path, OURS).expect_ok()
    got, truth = traces_the_truth(path)
    expect_backlogs(got, truth)
    btrun("--aot", path, "-e", "kprobe:$1 { @[probe] = count(); } kretprobe:$2 { @[probe] = count(); }").expect_ok()
    done = run(path, "-q", "-c", "cat /proc/version", "vfs_open", "vfs_read*").expect_ok()
    expect("@[kprobe:vfs_open]: " in done.out and "@[kretprobe:vfs_read]: " in done.out, f"{done}")
    script = """kprobe:vfs_open /comm == str($1)/ { @opened[str($1), getopt("word", "none")] = count(); }
kretprobe:vfs_read /retval >= $2 && getopt("reads")/ { @read = count(); }"""
    btrun("--aot", path, "-e", script).expect_ok()
    done = run(path, "-q", "-c", "cat /proc/version", "cat", "10", "--", "--reads", "--word=x").expect_ok()
    expect("@opened[cat, x]: " in done.out and "@read: " in done.out, f"{done}")
    done = run(path, "-q", "-c", "cat /proc/version", "dog", "10").expect_ok()
    expect("@opened" not in done.out and "@read: 0" in done.out, f"{done}")
    done = run(path, "-q", "cat", "many")
    expect(done.status == 1 and '$2 is "many", not a number' in done.err, f"{done}")
