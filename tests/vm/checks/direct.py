"""Members that are loaded directly, through pointers that the verifier knows: as helpers read them, and no fault is
taken for a zero. A pointer that has been a number is read by helpers."""
import re

from guest import Tracer, check, expect, expect_equal, one_liner, run

# The same pointer twice, of which the second has been a number.
FILE = '$d = (struct file *)arg0; $n = (struct file *)((uint64)arg0 + 0); '
MEMBERS = ["f_flags", "f_path.dentry", "f_path.dentry->d_name.len", "f_path.dentry->d_parent->d_name.hash", "f_inode->i_ino",
           "f_inode->i_mode", "f_inode->i_sb->s_magic", "f_inode->i_sb->s_type->fs_flags", "private_data", "f_path.mnt->mnt_flags"]


@check
def direct_members_of_an_argument():
    same = " && ".join(f"$d->{m} == $n->{m}" for m in MEMBERS)
    script = f'kprobe:vfs_read /comm == "cat"/ {{ {FILE} @[{same}, $d->f_inode->i_ino != 0, str($d->f_path.dentry->d_name.name)] = count(); }}'
    with Tracer("-e", script) as tracer:
        for _ in range(5):
            run("cat", "/etc/hostname", "/proc/self/stat").expect_ok()
        result = tracer.stop().expect_ok()
    expect("@[1, 1, hostname]: 10" in result.out and "@[0" not in result.out, str(result))
    expect("failed" not in result.err, str(result))


@check
def direct_members_of_a_return_value():
    script = ('kretprobe:fget_raw, kretprobe:do_filp_open /comm == "cat" && (int64)retval < -4095/ { $d = (struct file *)retval; '
              '$n = (struct file *)((uint64)retval + 0); @[$d->f_inode->i_ino == $n->f_inode->i_ino, $d->f_flags == $n->f_flags, '
              '$d->f_path.dentry->d_name.len == $n->f_path.dentry->d_name.len] = count(); }')
    with Tracer("-e", script) as tracer:
        for _ in range(5):
            run("cat", "/etc/hostname").expect_ok()
        result = tracer.stop().expect_ok()
    expect_equal(re.findall(r"@\[(.*)\]", result.out), ["1, 1, 1"], str(result))


@check
def direct_members_of_the_task():
    script = ('BEGIN { $t = curtask; $n = (struct task_struct *)((uint64)curtask + 0); printf("%d %d %d %d\\n", '
              '$t->tgid == pid, $t->real_parent->tgid == $n->real_parent->tgid, $t->mm->mm_users.counter > 0, '
              '$t->mm == $n->mm); exit(); }')
    result = one_liner(script).expect_ok()
    expect_equal(result.out.split(), ["1"] * 4)
    script = 'tracepoint:sched:sched_switch { @[curtask->pid == tid, curtask->tgid == pid] = count(); }'
    with Tracer("-e", script) as tracer:
        run("sleep", "0.2").expect_ok()
        result = tracer.stop().expect_ok()
    expect_equal(re.findall(r"@\[(.*)\]", result.out), ["1, 1"], str(result))


@check
def direct_zero_is_no_fault():
    result = one_liner('BEGIN { printf("%d %d\\n", curtask->exit_code, curtask->vfork_done); exit(); }').expect_ok()
    expect_equal(result.out.split(), ["0", "0"])
    expect("failed" not in result.err, str(result))


@check
def direct_fault_is_counted():
    result = one_liner('BEGIN { printf("%d\\n", curtask->vfork_done->done); exit(); }').expect_ok()
    expect_equal(result.out.split(), ["0"])
    expect(re.search(r"btrun: 1 reads? of memory failed", result.err), str(result))


@check
def direct_pointer_is_a_number():
    """What is computed with it, as the verifier lets nobody do with a pointer."""
    script = ('BEGIN { $p = curtask->real_parent; $u = (uint64)curtask->real_parent; printf("%d %d %d %d\\n", ($u & 7) + 1, '
              '$u / 3 * 3 + $u % 3 == $u, (($u ^ 5) ^ 5) == (uint64)$p, (uint64)($p + 1) > $u); @[$p] = 1; '
              'printf("%d\\n", @[curtask->real_parent]); exit(); }')
    result = one_liner(script).expect_ok()
    expect_equal(result.out.split()[:5], ["1"] * 5, str(result))


@check
def direct_variable_of_two_values():
    """Of a variable that gets two values, or one only sometimes, nothing is known."""
    script = ('kprobe:vfs_read /comm == "cat"/ { $f = (struct file *)arg0; $g = (struct file *)0; if (arg2 > 0) { $g = (struct file *)arg0; '
              '$h = (struct file *)arg0; $s = $h->f_flags; } $f = (struct file *)((uint64)arg0 + 0); '
              '@[$f->f_flags == $g->f_flags, $h->f_flags == $f->f_flags, $s == $f->f_flags] = count(); }')
    with Tracer("-e", script) as tracer:
        run("cat", "/etc/hostname").expect_ok()
        result = tracer.stop().expect_ok()
    expect_equal(re.findall(r"@\[(.*)\]", result.out), ["1, 1, 1"], str(result))
