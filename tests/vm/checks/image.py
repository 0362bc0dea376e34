"""The image: readable by others, and portable between kernels."""
import glob
import os

import guest
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
        expect("VAR 'btrun_live'" in done.out, "bpftool finds no btrun_live in its BTF")
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
def image_permuted_btf():
    """Compiled against a BTF whose struct sock and sock_common have all members elsewhere."""
    permute = next((p for p in (guest.BUILD + "/permute_btf", guest.ROOT + "/tests/fixtures/permute_btf") if os.path.exists(p)), None)
    expect(permute, "no permute_btf in the build or tests/fixtures")
    root = os.path.dirname(guest.temporary("x", ""))
    os.makedirs(root + "/sys/kernel/btf")
    run(permute, "/sys/kernel/btf/vmlinux", root + "/sys/kernel/btf/vmlinux").expect_ok()
    expect(open(root + "/sys/kernel/btf/vmlinux", "rb").read() != open("/sys/kernel/btf/vmlinux", "rb").read(),
           "nothing was permuted")
    for name, script in SCRIPTS.items():
        image = f"{root}/{name}.o"
        run(guest.BUILD + "/btrun-compile", "--name", name, "--script", script, "--image", image, "--kernel-root",
            root).expect_ok()
        got, truth = traces_the_truth(image)
        if name == "ours":
            expect_backlogs(got, truth)


@check(phase="cross")
def image_of_another_kernel():
    images = [p for p in glob.glob(guest.OUT + "/*.o") if not p.endswith(f"-{guest.RELEASE}.o")]
    expect(len(images) == 2, f"expected two images of another kernel, found {images}")
    for image in images:
        got, truth = traces_the_truth(image)
        if "ours" in image:
            expect_backlogs(got, truth)
