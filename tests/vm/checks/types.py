"""What the kernel's BTF says of a type reaches the value."""
import ctypes
import json
import socket

from guest import Tracer, check, expect, expect_equal

SYS_BPF = 321


def bpf(size):
    """A call of bpf() that fails: with a command that there is none of, and that size."""
    ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, 9999, ctypes.create_string_buffer(4096), size)


def maps_of(result):
    maps = {}
    for line in result.out.splitlines():
        row = json.loads(line)
        if row["type"] == "map":
            maps.update(row["data"])
    return maps


@check
def parameters_behind_a_struct_by_value():
    """bpfptr_t and sockptr_t take two slots of a trampoline's context."""
    script = """
fexit:__sys_bpf /args.cmd == 9999/ { @size[args.size] = count(); @all[args.cmd, args.size, retval] = count(); }
fentry:sk_setsockopt /args.level == 1/ { @length[args.level, args.optname, args.optlen] = count(); }
"""
    with Tracer("-f", "json", "-e", script) as tracer:
        bpf(3333)
        bpf(40)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as end:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes(8))
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, bytes(16))
        found = maps_of(tracer.stop().expect_ok())
    expect_equal(found.get("@size"), {"3333": 1, "40": 1})
    expect(any(key.startswith("9999,3333,-") for key in found["@all"]), str(found))
    expect_equal(found.get("@length"), {"1,13,8": 1, "1,20,16": 1})


@check
def retval_of_a_number():
    """A kretprobe's has the sign and the width of what the function returns, however it is attached."""
    script = """
kretprobe:__sys_bpf /retval < 0/ { @key[retval] = count(); @least = min(retval); @last = retval; }
"""
    for way in ("fentry", "perf", "tracefs"):
        with Tracer(f"--attach={way}", "-f", "json", "-e", script) as tracer:
            bpf(40)
            bpf(40)
            found = maps_of(tracer.stop().expect_ok())
        expect(found.get("@key", {}).get("-22", 0) >= 2, f"{way}: {found}")
        expect(found["@least"] <= -22 and found["@last"] < 0, f"{way}: {found}")
