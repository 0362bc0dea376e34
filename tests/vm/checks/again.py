"""What was attached once is looked at again: CPUs that go offline and come back."""
import re
import time

import guest
from guest import Tracer, check, expect

ONLINE = "/sys/devices/system/cpu/cpu1/online"
PROBES = "profile:hz:20 { @p[cpu] = count(); } software:cpu-clock:50000000 { @s[cpu] = count(); }"


def counts(out, name):
    return {int(cpu): int(n) for cpu, n in re.findall(rf"@{name}\[(\d+)\]: (\d+)", out)}


@check
def cpu_comes_back():
    """At once, too: the kernel takes the events off, and CPU 1 would be silent from then on."""
    for pause in (0, 2):
        with Tracer("--strict", "-e", PROBES + " interval:ms:100 { @i = count(); }") as tracer:
            guest.write(ONLINE, "0")
            time.sleep(pause)
            guest.write(ONLINE, "1")
            time.sleep(4)
            result = tracer.stop().expect_ok()
        for name in "ps":
            got = counts(result.out, name)
            expect(got.get(1, 0) > got.get(0, 0) / 4, f"pause {pause}, @{name}: {result}")
            expect(got.get(1, 0) <= got.get(0, 0) * 1.5 + 10, f"pause {pause}, @{name}: counted twice? {result}")
        expect(result.err.count("CPU 1 has come: profile:hz:20 fires there") == 1, str(result))


@check
def cpu_comes_for_the_first_time():
    guest.write(ONLINE, "0")
    try:
        with Tracer("-e", PROBES) as tracer:
            time.sleep(1)
            guest.write(ONLINE, "1")
            time.sleep(3)
            result = tracer.stop().expect_ok()
    finally:
        guest.write(ONLINE, "1")
    expect(counts(result.out, "p").get(1, 0) > 10 and counts(result.out, "s").get(1, 0) > 10, str(result))


@check
def cpu_comes_where_it_cannot_be_attached():
    """There is no descriptor left for it."""
    with Tracer("--strict", "-f", "json", "-e", PROBES) as tracer:
        guest.write(ONLINE, "0")
        guest.run("prlimit", "--pid", str(tracer.process.pid), "--nofile=3:3")
        guest.write(ONLINE, "1")
        time.sleep(2)
        result = tracer.stop()
    expect(result.status == 3 and "2 times a probe was not attached to a CPU that had come" in result.err, str(result))
    expect("attachments to CPUs" in result.out, str(result))
