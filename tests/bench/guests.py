"""The rows that need kprobes: measured in guests with Debian's kernels, everything of a row in one boot."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = ("6.1", "6.12")


def in_guests(setting, script):
    """The tables that the script prints, of each kernel."""
    tables = []
    for kernel in KERNELS:
        done = subprocess.run([f"{HERE}/{script}", setting.build, kernel, str(setting.repeat)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True)
        tables.append(done.stdout if done.returncode == 0 else f"Linux {kernel}: not measured: {script} ended with status {done.returncode}\n")
    return "\n".join(tables)


def tcpaccept(setting):
    """tcpaccept: start, memory, kernel time an accept"""
    return in_guests(setting, "tcpaccept")


def accepts(setting):
    """tcpaccept: kernel time of an accept, by a clock that counts instructions"""
    return in_guests(setting, "accepts")


def images(setting):
    """Images of six tools: size, start, memory"""
    return in_guests(setting, "images")


def functions(setting):
    """Hundreds of functions: start, end, cost of a hit"""
    return in_guests(setting, "functions")
