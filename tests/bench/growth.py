"""How cost grows. None of it may grow worse than linearly: the last column of each table is how many times more a
tenfold (or so) amount costs, for each step."""
import os
import statistics
import subprocess

from measure import table
from rows import LINES, end_of_map, execute, map_tools


def cell(value, digits):
    """nan: it refused, or did not end in time."""
    return "-" if value is None else "refused" if value != value else f"{value:.{digits}f}"


def growth_table(title, sizes, results, unit, digits):
    """results: {tool: {size: median or None}}"""
    tools = list(results)
    lines, before = [], {}
    for amount in sizes:
        cells = [cell(results[tool].get(amount), digits) for tool in tools]
        here = results[tools[0]].get(amount)
        step = "-"
        if before.get("value") and here:
            step = f"{here / before['value']:.1f} for {amount / before['size']:.0f}"
        before = {"value": here, "size": amount}
        lines.append((f"{amount:,}", cells + [step]))
    return table(title, [f"{tool}, {unit}" for tool in tools] + [f"{tools[0]}: times more"], lines)


def plot(setting, name, title, xlabel, ylabel, sizes, results, log="xy"):
    """An SVG of the same numbers."""
    if not setting.plots:
        return
    os.makedirs(setting.plots, exist_ok=True)
    files = []
    for number, (tool, values) in enumerate(results.items()):
        path = f"{setting.work}/{name}.{number}"
        with open(path, "w") as file:
            file.writelines(f"{amount} {values[amount]}\n" for amount in sizes if values.get(amount) and values[amount] == values[amount])
        files.append(f'"{path}" using 1:2 with linespoints title "{tool}"')
    script = (f'set terminal svg size 720,440 background "white"; set output "{setting.plots}/{name}.svg"; set key top left; '
              f'set title "{title}"; set xlabel "{xlabel}"; set ylabel "{ylabel}"; set grid; set logscale {log}; '
              f'plot {", ".join(files)}')
    subprocess.run(["gnuplot", "-e", script], check=True)


def median_of(setting, measure):
    return statistics.median(measure() for _ in range(max(1, setting.repeat // 2)))


def of_events(setting):
    """Growth by events: run time of the traced program, s"""
    sizes = [1000, 10000, 100000, 1000000, 10000000]
    results = {"btrun": {}, "hand-written libbpf": {}, "untraced": {}, "bpftrace 0.17": {}}
    for amount in sizes:
        fire = setting.fire(amount)
        commands = {"btrun": setting.btrun(LINES, command=fire), "hand-written libbpf": setting.floor("events", fire),
                    "untraced": fire, "bpftrace 0.17": setting.bpftrace(LINES, command=fire) if amount <= 1000000 else None}
        for tool, command in commands.items():
            if command:
                results[tool][amount] = median_of(setting, lambda command=command: execute(command).fired)
    plot(setting, "events", "printf events", "events", "run time of the traced program, s", sizes, results)
    return growth_table("events", sizes, results, "s", 4)


def of_rate(setting):
    """Cost against rate: processor time of the tracer and the traced program an event, us"""
    results = {"btrun": {}, "hand-written libbpf": {}, "untraced": {}, "bpftrace 0.17": {}}
    rates = [1000, 10000, 100000, 300000]
    for rate in rates:
        amount = rate  # a second
        fire = setting.fire(amount, 1, 1000000000 // rate)
        commands = {"btrun": setting.btrun(LINES, command=fire), "hand-written libbpf": setting.floor("events", fire),
                    "untraced": fire, "bpftrace 0.17": setting.bpftrace(LINES, command=fire)}
        for tool, command in commands.items():
            idle = setting.fire(0)
            nothing = [" ".join(idle) if part == " ".join(fire) else part for part in command]
            if nothing == command:
                nothing = command[:-len(fire)] + idle
            base = median_of(setting, lambda: execute(nothing).cpu)
            results[tool][rate] = max(0.0, median_of(setting, lambda: execute(command).cpu) - base) / amount * 1e6
    plot(setting, "rate", "Cost of an event against rate", "events a second", "processor time an event, us", rates, results, "x")
    return growth_table("events a second", rates, results, "us", 2)


def of_keys(setting):
    """Growth by keys of a map: from the last event to the tracer's end, s"""
    sizes = [10, 100, 1000, 10000, 100000, 1000000]
    results = {"btrun": {}, "bpftrace 0.17": {}}
    for amount in sizes:
        for tool, command in map_tools(setting, amount):
            results[tool][amount] = median_of(setting, lambda command=command: end_of_map(setting, command, amount)[0])
    plot(setting, "keys", "Printing a map's top 20", "keys", "from the last event to the end, s", sizes, results)
    return growth_table("keys", sizes, results, "s", 4)


def of_script(setting):
    """Growth by lines of the script: start to end of BEGIN, s"""
    sizes = [1, 10, 100, 500, 1000, 2000]
    results = {"btrun": {}, "bpftrace 0.17": {}}
    for amount in sizes:
        path = f"{setting.work}/lines.bt"
        with open(path, "w") as file:
            file.write("BEGIN {\n" + "".join(f"@x{i % 10} += {i};\n" for i in range(amount)) + "exit(); }\n")
        for tool, command in (("btrun", [setting.build + "/btrun", "-q", "--no-cache", path]), ("bpftrace 0.17", ["/usr/bin/bpftrace", path])):
            results[tool][amount] = median_of(setting, lambda command=command: whole(command))
    plot(setting, "script", "Start against the length of the script", "lines", "start to end, s", sizes, results)
    return growth_table("lines", sizes, results, "s", 3)


def whole(command):
    """None when it refuses: what exceeds a tool's limits takes no time."""
    try:
        outcome = execute(command, limit=60)
    except subprocess.TimeoutExpired:
        return float("nan")
    return float("nan") if outcome.failed else outcome.seconds


def program_of(setting, functions):
    path = f"{setting.work}/functions{functions}"
    with open(path + ".c", "w") as file:
        file.writelines(f"__attribute__((noinline)) void traced_{i}(void) {{ __asm__ volatile(\"\"); }}\n" for i in range(functions))
        file.write("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-O1", "-o", path, path + ".c"], check=True)
    return path


def of_probes(setting):
    """Growth by probes: uprobes that a pattern stands for, start to end, s

    bpftrace 0.17 attaches them one by one, and the kernel takes 0.1 s to take each off: it ends at a hundred. The same of
    kprobes, by hundreds, is measured in guests: tests/bench/functions."""
    sizes = [1, 10, 30, 100, 1000, 5000]
    results = {"btrun": {}, "bpftrace 0.17": {}}
    for amount in sizes:
        program = program_of(setting, amount)
        script = f"uprobe:{program}:traced_* {{ @[func] = count(); }} BEGIN {{ exit(); }}"
        env = {"BPFTRACE_MAX_PROBES": "10000", "BPFTRACE_MAX_BPF_PROGS": "10000"}
        for tool, command in (("btrun", setting.btrun(script)), ("bpftrace 0.17", setting.bpftrace(script))):
            if tool == "btrun" or amount <= 100:
                results[tool][amount] = median_of(setting, lambda command=command: execute(command, env).seconds)
    plot(setting, "probes", "Attaching uprobes and taking them off again", "probes", "start to end, s", sizes, results)
    return growth_table("probes", sizes, results, "s", 3)
