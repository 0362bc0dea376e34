#!/bin/bash
# Debian's kernels describe in their BTF every system call that has arguments by the name that people
# use, __x64_sys_NAME, and those without arguments never: getpid, getppid, gettid, sync, fork, pause ...
# These functions have several names at one address (kallsyms has them all), and BTF, like ftrace's
# available_filter_functions, knows another one, __do_sys_NAME. So fentry and fexit on
# __x64_sys_getpid are refused, and a pattern __x64_sys_* leaves these out, where kprobes by name work.
#
# Versions: linux-image-6.1.0-56-amd64 6.1.192-2, linux-image-6.12.117+deb12-amd64 6.12.117-1~deb12u1,
#           busybox-static 1:1.35.0-4+deb12u1+b1; run with qemu-system-x86 1:7.2+dfsg-7+deb12u18.
# Seen, for both kernels:
#	with: 432 (444 for 6.12)
#	without: fork getegid geteuid getgid getpgrp getpid getppid gettid getuid ni_syscall
#	pause restart_syscall rt_sigreturn sched_yield setsid sync vfork vhangup
#	getppid: __do_sys_getppid of BTF is at the address of __x64_sys_getppid
#
# Needs: apt-get, dpkg, qemu-system-x86_64. Exits 0 when this is still so, 1 when it changed.
set -eu -o pipefail
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
lacking='fork getegid geteuid getgid getpgrp getpid getppid gettid getuid ni_syscall pause restart_syscall rt_sigreturn sched_yield setsid sync vfork vhangup'

unpack() {
	apt-get download -q "$1=$2" >/dev/null 2>&1
	dpkg -x "$1"_*.deb "$1"
	rm "$1"_*.deb
}

# An initial file system whose only program compares the two lists.
unpack busybox-static 1:1.35.0-4+deb12u1+b1
mkdir -p root/bin root/proc root/sys
cp busybox-static/bin/busybox root/bin/
cat >root/init <<'EOF'
#!/bin/busybox sh
PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
tr '\0' '\n' </sys/kernel/btf/vmlinux | grep -a '^__x64_sys_' | sort -u >/described
grep -o ' [tTwW] __x64_sys_[a-z0-9_]*' /proc/kallsyms | cut -c4- | sort -u >/present
echo
echo "with: $(grep -c -x -F -f /described /present)"
echo "without: $(grep -v -x -F -f /described /present | sed 's/__x64_sys_//' | tr '\n' ' ')"
tr '\0' '\n' </sys/kernel/btf/vmlinux | grep -aqx __do_sys_getppid &&
	grep ' [tT] __[a-z0-9]*_sys_getppid$' /proc/kallsyms >/same &&
	[ "$(cut -d' ' -f1 /same | sort -u | wc -l)" = 1 ] && [ "$(wc -l </same)" -ge 2 ] &&
	echo "getppid: __do_sys_getppid of BTF is at the address of __x64_sys_getppid"
poweroff -f
EOF
chmod +x root/init
(cd root && find . | ./bin/busybox cpio -o -H newc 2>/dev/null) >initrd

status=0
while read -r package version with; do
	unpack "$package" "$version"
	qemu-system-x86_64 -accel tcg -m 1024 -nographic -no-reboot -kernel "$package"/boot/vmlinuz-* -initrd initrd \
		-append 'console=ttyS0 quiet' </dev/null 2>/dev/null | tr -d '\r' >console
	echo "$package $version:"
	grep -aE '^(with|without|getppid): ' console || true
	grep -qax "with: $with" console && grep -qaE "^without: $lacking *$" console &&
		grep -qa '^getppid: ' console || status=1
done <<'EOF'
linux-image-6.1.0-56-amd64 6.1.192-2 432
linux-image-6.12.117+deb12-amd64 6.12.117-1~deb12u1 444
EOF
[ $status = 0 ] && echo "as stated" || echo "changed"
exit $status
